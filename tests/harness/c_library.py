"""libsockd called from Python as a C program would: the prototypes are read from the installed header.

    library = Library(bin_folder)
    client = library.open("/path/of/the/socket")
    client.call("read", [7, 100, 2.5])        # sockd_read(client, 7, 100, 2.5, &bytes)

A call returns the list of what the function set, or raises CallFailed.
"""
import ctypes
import pathlib
import re

DEFAULT = -2**31
NO_LIMIT = ctypes.c_size_t(-1).value
FOREVER = float("inf")


class Bytes(ctypes.Structure):
    _fields_ = [("data", ctypes.POINTER(ctypes.c_char)), ("size", ctypes.c_size_t)]

    def value(self):
        return ctypes.string_at(self.data, self.size) if self.size else b""


class Address(ctypes.Structure):
    _fields_ = [("host", ctypes.c_char * 256), ("path", ctypes.c_char * 112),
                ("family", ctypes.c_char * 16), ("type", ctypes.c_char * 24),
                ("protocol", ctypes.c_char * 16), ("port", ctypes.c_int)]

    def value(self):
        port = self.port if self.port >= 0 else self.path.decode()
        return {"host": self.host.decode(), "port": port, "family": self.family.decode(),
                "type": self.type.decode(), "protocol": self.protocol.decode()}


class Settings(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("share", ctypes.c_char_p),
                ("lifetime", ctypes.c_char_p), ("ttl", ctypes.c_double)]


class Error(ctypes.Structure):
    _fields_ = [("origin", ctypes.c_int), ("number", ctypes.c_int), ("name", ctypes.c_char_p),
                ("method", ctypes.c_char_p), ("message", ctypes.c_char_p),
                ("refused", ctypes.c_bool), ("sent", ctypes.c_uint64)]


class Taken(ctypes.Structure):
    _fields_ = [("fd", ctypes.c_int), ("data", Bytes), ("error", ctypes.c_int),
                ("address", Address), ("peer", Address)]


class CallFailed(Exception):
    def __init__(self, result, error):
        super().__init__(f"{(error.method or b'').decode()}: {(error.message or b'').decode()}")
        self.result = result
        self.name = (error.name or b"").decode()
        self.refused = error.refused
        self.sent = error.sent


# How the header spells what goes in, and what comes out.
INPUTS = {
    "uint64_t": ctypes.c_uint64, "int64_t": ctypes.c_int64, "uint32_t": ctypes.c_uint32,
    "int": ctypes.c_int, "size_t": ctypes.c_size_t, "double": ctypes.c_double,
    "const char *": ctypes.c_char_p, "const void *": ctypes.c_char_p,
    "const struct sockd_args *": ctypes.c_void_p,
    "const struct sockd_settings *": lambda value: None if value is None else ctypes.byref(value),
}
OUTPUTS = {
    "uint64_t *": ctypes.c_uint64, "int64_t *": ctypes.c_int64, "size_t *": ctypes.c_size_t,
    "int *": ctypes.c_int, "bool *": ctypes.c_bool, "const char **": ctypes.c_char_p,
    "struct sockd_bytes *": Bytes, "struct sockd_address *": Address,
    "const struct sockd_value **": ctypes.c_void_p,
}


def parse_parameter(text):
    """("const char *", "host")"""
    kind, stars, name = re.fullmatch(r"((?:const )?(?:struct )?\w+) (\**)(\w+)", text.strip()).groups()
    return kind + (f" {stars}" if stars else ""), name


def prototypes(header):
    """{name: [(type, name), …]} of the typed functions, without the client."""
    text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.DOTALL)
    found = {}
    for name, parameters in re.findall(r"^int (\w+)\(([^)]*)\);", text, flags=re.MULTILINE):
        parsed = [parse_parameter(part) for part in " ".join(parameters.split()).split(",")]
        if parsed[0] == ("struct sockd_client *", "client"):
            found[name] = parsed[1:]
    return found


class Library:
    def __init__(self, build):
        build = pathlib.Path(build)
        self.c = ctypes.CDLL(str(build / "client" / "libsockd.so"))
        self.functions = prototypes(build / "client" / "generated" / "sockd" / "methods.h")
        self.c.sockd_last_error.restype = ctypes.POINTER(Error)
        self.c.sockd_args_new.restype = ctypes.c_void_p
        for name in ("sockd_value_at", "sockd_value_key"):
            getattr(self.c, name).restype = ctypes.c_void_p
            getattr(self.c, name).argtypes = [ctypes.c_void_p, ctypes.c_size_t]
        self.c.sockd_value_count.restype = ctypes.c_size_t

    def open(self, path):
        return Client(self, path)

    # ---- arguments ----

    def arguments(self, values):
        """A struct sockd_args of Python values; its owner frees it."""
        args = ctypes.c_void_p(self.c.sockd_args_new())
        for value in values:
            self.append(args, value)
        return args

    def append(self, args, value):
        c = self.c
        if value is None:
            c.sockd_args_nil(args)
        elif isinstance(value, bool):
            c.sockd_args_bool(args, ctypes.c_bool(value))
        elif isinstance(value, int):
            c.sockd_args_int(args, ctypes.c_int64(value))
        elif isinstance(value, float):
            c.sockd_args_double(args, ctypes.c_double(value))
        elif isinstance(value, bytes):
            c.sockd_args_bytes(args, value, ctypes.c_size_t(len(value)))
        elif isinstance(value, str):
            c.sockd_args_text(args, value.encode())
        elif isinstance(value, dict):
            c.sockd_args_map(args, ctypes.c_uint32(len(value)))
            for pair in value.items():
                for part in pair:
                    self.append(args, part)
        else:
            c.sockd_args_array(args, ctypes.c_uint32(len(value)))
            for part in value:
                self.append(args, part)

    # ---- results ----

    def data(self, value):
        data, size = ctypes.c_void_p(), ctypes.c_size_t()
        self.c.sockd_value_data(value, ctypes.byref(data), ctypes.byref(size))
        return ctypes.string_at(data, size.value) if size.value else b""

    def number(self, value, kind, function):
        result = kind()
        function(value, ctypes.byref(result))
        return result.value

    def value(self, value):
        """What a struct sockd_value holds."""
        c, value = self.c, ctypes.c_void_p(value)
        kind = ("nil", "bool", "int", "double", "str", "bytes", "array",
                "map")[c.sockd_value_type(value)]
        if kind == "bool":
            return self.number(value, ctypes.c_bool, c.sockd_value_bool)
        if kind == "int":
            return self.number(value, ctypes.c_int64, c.sockd_value_int)
        if kind == "double":
            return self.number(value, ctypes.c_double, c.sockd_value_double)
        if kind in ("str", "bytes"):
            data = self.data(value)
            return data.decode(errors="surrogateescape") if kind == "str" else data
        elements = range(c.sockd_value_count(value))
        if kind == "array":
            return [self.value(c.sockd_value_at(value, i)) for i in elements]
        if kind == "map":
            return {self.value(c.sockd_value_key(value, i)): self.value(c.sockd_value_at(value, i))
                    for i in elements}
        return None


class Client:
    def __init__(self, library, path):
        self.library = library
        self.client = ctypes.c_void_p()
        result = library.c.sockd_open(str(path).encode(), ctypes.byref(self.client))
        if result < 0:
            raise OSError(-result, "sockd_open")

    def close(self):
        self.library.c.sockd_disconnect(self.client)
        self.client = None

    def fail(self, result):
        raise CallFailed(result, self.library.c.sockd_last_error(self.client).contents)

    def outputs(self, kinds):
        made = [OUTPUTS[kind]() for kind in kinds]
        return made, [ctypes.byref(output) for output in made]

    def results(self, kinds, made):
        out = []
        for kind, output in zip(kinds, made):
            if kind == "const struct sockd_value **":
                out.append(self.library.value(output.value))
            elif isinstance(output, (Bytes, Address)):
                out.append(output.value())
            elif kind == "const char **":
                out.append(None if output.value is None else output.value.decode())
            else:
                out.append(output.value)
        return out

    def take(self, handle):
        """sockd_take(): the descriptor and the bytes that had been read ahead."""
        taken = Taken()
        result = self.library.c.sockd_take(self.client, ctypes.c_uint64(handle), ctypes.byref(taken))
        if result < 0:
            self.fail(result)
        return taken.fd, taken.data.value()

    def call(self, name, inputs):
        """Calls the typed function; the inputs are those of its prototype, in order."""
        parameters = self.library.functions[name]
        function = getattr(self.library.c, name)
        kinds = [kind for kind, _ in parameters if kind in OUTPUTS]
        args, owned = [], []
        for (kind, _), value in zip(parameters, inputs):
            if kind == "const struct sockd_args *" and value is not None:
                value = self.library.arguments(value)
                owned.append(value)
                args.append(value)
            else:
                args.append(INPUTS[kind](value))
        made, references = self.outputs(kinds)
        result = function(self.client, *args, *references)
        for each in owned:
            self.library.c.sockd_args_free(each)
        if result < 0:
            self.fail(result)
        return self.results(kinds, made)
