"""The four faces of sockd: the same call over raw MessagePack-RPC, through libsockd, by sockctl, and
in Lua.

    face.call("read", handle, "\\n", timeout=1)

takes parameters and options as RPC does, whatever the face, and returns what RPC would: handles,
bytes, [bytes, "eof"], address maps. A call that fails raises Failure with the error's name.
"""
import base64
import errno
import json
import os
import re
import socket
import subprocess

import c_library
import sockd_test


class Failure(Exception):
    def __init__(self, name, refused=False, sent=None, sentence=""):
        super().__init__(f"{name}: {sentence}")
        self.sentence = sentence
        self.name = name
        self.refused = refused
        self.sent = sent


def number(symbol):
    """The number that a constant's name stands for."""
    if not isinstance(symbol, str):
        return symbol
    if symbol.startswith("AI_") or hasattr(socket, symbol):
        return int(getattr(socket, symbol))
    return {"tcp": 6, "udp": 17, "RDWR": 2, "ip": 0}[symbol]


def table(client):
    """The rows of the method table, by name."""
    return {row["name"]: row for row in client.call("sockd.api")["methods"]}


class Face:
    def __init__(self, daemon, rows):
        self.daemon = daemon
        self.rows = rows
        self.set_up()

    def set_up(self):
        pass

    def close(self):
        pass

    def named(self, method, args):
        """The parameters by their names; REST's as a list."""
        result = {}
        params = self.rows[method]["params"]
        for i, param in enumerate(params):
            if param["type"] == "rest":
                result[param["name"]] = list(args[i:])
            elif i < len(args) and args[i] is not None:
                result[param["name"]] = args[i]
        return result


class Rpc(Face):
    name = "rpc"

    def set_up(self):
        self.client = self.daemon.client()

    def close(self):
        self.client.close()

    def call(self, method, *args, **options):
        try:
            return self.client.call(method, *args, *([options] if options else []))
        except sockd_test.RpcError as error:
            raise Failure(error.name, error.detail.get("refused", False),
                          error.detail.get("sent"), error.message) from None


class C(Face):
    """The typed functions of libsockd."""
    name = "c"
    libraries = {}

    def set_up(self):
        build = os.environ["SOCKD_BUILD"]
        if build not in self.libraries:
            self.libraries[build] = c_library.Library(build)
        self.client = self.libraries[build].open(self.daemon.path)

    def close(self):
        self.client.close()

    @staticmethod
    def function(method, given):
        """The function for these parameters, and what its own are called."""
        name, values = "sockd_" + method.removeprefix("sockd.").replace(".", "_"), dict(given)
        what, port = values.pop("what", None), values.get("port")
        if isinstance(what, (str, bytes)):
            what = {"delimiter": what}
        elif isinstance(what, int):
            what = {"limit": what}
        if what:
            values.update(what)
        if values.get("host") == "unix/" and isinstance(port, str):
            name += "_unix"
            values["path"] = port
        if "delimiter" in values:
            name += "_until"
        if "settings" in values and method != "sockd.set":
            name += "_with"
        return name, values

    SETTINGS = {"name": "", "share": "none", "lifetime": "daemon", "ttl": c_library.FOREVER}

    def settings(self, options):
        """Takes the settings of a handle out of the options; None stands for the default."""
        said = {key: options.pop(key) for key in self.SETTINGS if key in options}
        said = {key: self.SETTINGS[key] if value is None else value for key, value in said.items()}
        return c_library.Settings(**{key: value.encode() if isinstance(value, str) else value
                                     for key, value in said.items()})

    @staticmethod
    def converted(kind, value):
        if kind in ("symbol", "flags"):
            if isinstance(value, list):
                return sum(map(number, value))
            return number(value)
        if kind == "events":
            return {"R": 1, "W": 2, "RW": 3}.get(value, value)
        if kind == "host":
            return "0.0.0.0" if value == 0 else value
        if kind == "service":
            return str(value)
        return value

    def values(self, method, given):
        kinds = {param["name"]: param["type"] for param in self.rows[method]["params"]}
        return {name: self.converted(kinds.get(name), value) for name, value in given.items()}

    @staticmethod
    def default(kind):
        return {"int": c_library.DEFAULT, "int64_t": -1, "size_t": c_library.NO_LIMIT,
                "double": c_library.FOREVER}.get(kind)

    def input(self, kind, name, values):
        if name.endswith("_size") and name[:-5] in values:
            data = values[name[:-5]]
            return len(data.encode() if isinstance(data, str) else data)
        value = values.get(name, self.default(kind))
        if kind == "const struct sockd_args *":
            return value if value is None or isinstance(value, list) else [value]
        return value.encode() if isinstance(value, str) else value

    def call(self, method, *args, **options):
        values = self.values(method, self.named(method, args))
        if not self.SETTINGS.keys().isdisjoint(options):
            values["settings"] = self.settings(options)
        name, values = self.function(method, values)
        values.update(options)
        parameters = self.client.library.functions[name]
        inputs = [self.input(kind, parameter, values) for kind, parameter in parameters
                  if kind in c_library.INPUTS]
        try:
            return self.shaped(method, self.client.call(name, inputs))
        except c_library.CallFailed as error:
            raise Failure(error.name, error.refused, error.sent, str(error)) from None

    def shaped(self, method, results):
        kind = self.rows[method]["result"]
        if kind == "true":
            return True
        if kind == "bytes, status":
            return [results[0], "eof" if results[1] else None]
        if kind in ("events", "events or their number"):
            return ("", "R", "W", "RW")[results[0]]
        return results if len(results) > 1 else results[0]


class Shell(Face):
    """sockctl, with --json."""
    name = "shell"
    verbs = {"send": ["send", "--once"], "syswrite": ["syswrite"]}

    @staticmethod
    def text(value):
        if isinstance(value, bytes):
            return value
        if isinstance(value, (bool, dict, list)) or value is None:
            return json.dumps(value)
        return str(value)

    def arguments(self, method, given):
        out = []
        for param in self.rows[method]["params"]:
            name, kind = param["name"], param["type"]
            if name not in given:
                continue
            value = given[name]
            if kind == "rest":
                out += [json.dumps(each) for each in value]
            elif kind == "what":
                out += self.what(value)
            elif kind == "flags" and isinstance(value, list):
                out += [f"--{name}", ",".join(value)]
            elif param["required"]:
                out.append(self.text(value))
            else:
                out += [f"--{name}", self.text(value)]
        return out

    @staticmethod
    def what(value):
        value = value if isinstance(value, dict) else {
            "limit" if isinstance(value, int) else "delimiter": value}
        out = []
        if "limit" in value:
            out += ["--limit", str(value["limit"])]
        delimiters = value.get("delimiter", [])
        for each in delimiters if isinstance(delimiters, list) else [delimiters]:
            out += ["--until", each.encode("unicode_escape").decode()]
        return out

    def run(self, method, args, options):
        command = self.verbs.get(method, [method])
        words = [*command, *self.arguments(method, self.named(method, args))]
        for name, value in options.items():
            words += [f"--{name}", str(value)]
        return subprocess.run([str(sockd_test.BIN / "sockctl"), "--json", *words],
                              stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              timeout=sockd_test.PATIENCE, user=self.user,
                              env=dict(os.environ, SOCKD_SOCKET=str(self.daemon.path)))

    user = None
    statuses = {4: True, 1: False, 124: False, 2: False}

    def call(self, method, *args, **options):
        done = self.run(method, args, options)
        if done.returncode in (0, 5):
            return self.shaped(method, done.stdout)
        message = done.stderr.decode()
        found = re.search(r"^sockctl: (?:[\w.]+: )?(E\w+): ", message)
        if done.returncode == 2 or not found or done.returncode not in self.statuses:
            raise Failure("EINVAL" if done.returncode == 2 else f"{done.returncode}: {message}",
                          sentence=message)
        sent = re.search(r"\(after (\d+) bytes\)", message)
        raise Failure(found[1], self.statuses[done.returncode], int(sent[1]) if sent else 0, message)

    def decoded(self, value):
        """JSON's text of bytes, as what it was."""
        if isinstance(value, dict) and set(value) == {"base64"}:
            return base64.b64decode(value["base64"])
        return value.encode() if isinstance(value, str) else value

    def shaped(self, method, out):
        kind = self.rows[method]["result"]
        lines = [json.loads(line) for line in out.decode().splitlines()]
        if kind == "array of maps":
            return lines
        line = lines[0]
        simple = {"count": "sent", "id": "id", "id, id": "ids"}
        if kind in simple:
            return line[simple[kind]]
        if kind == "bytes":
            return self.decoded(line["data"])
        if kind == "bytes, status":
            return [self.decoded(line["data"]), line["status"]]
        if kind == "bytes, address or nil":
            return [self.decoded(line["data"]), line["from"]]
        if kind == "id, address":
            return [line["id"], line["address"]]
        if kind == "active, timeout":
            return [line["active"], line["timeout"]]
        return line if kind in ("address", "map") else line["result"]


class Lua(Face):
    """The module `socket`, within the daemon."""
    name = "lua"

    # What a call returns, and how it says that it failed; in Lua, by the method's name.
    SOURCE = r"""
    local socket, errno = require('socket'), require('errno')
    local function id(sock) return sock:id() end
    local function fail(number, sentence)
        return {error = number, sentence = tostring(sentence or errno.strerror(number))}
    end

    local from_errno = {socket = true, tcp_connect = true, tcp_server = true, socketpair = true,
                        getaddrinfo = true}
    local function make(method, ...)
        if method == 'tcp_server' then
            local host, port, handler, timeout = ...
            local listener, address = socket.tcp_server_create(host, port, function() end, timeout)
            if handler and listener then
                fiber.create(socket.tcp_server_loop, listener, _G[handler] or matrix_handlers[handler])
            end
            if listener then matrix_kept[id(listener)] = listener end
            return listener and {id(listener), address}, address
        end
        if method == 'getaddrinfo' then
            local host, service, timeout, kind, family, protocol, flags = ...
            return socket.getaddrinfo(host, service, timeout,
                                      {type = kind, family = family, protocol = protocol, flags = flags})
        end
        local call = method == 'socket' and socket or socket[method]
        local one, two = call(...)
        if not one then return nil, two end
        matrix_kept[id(one)] = one
        if method ~= 'socketpair' then return id(one) end
        matrix_kept[id(two)] = two
        return {id(one), id(two)}
    end

    local failed = {
        recv = function(first, second) return first == '' and second == 'error' end,
    }
    local function is_failure(first) return first == nil or first == false end
    for _, name in ipairs({'errno', 'error', 'readable', 'writable', 'wait', 'iowait', 'nonblock'}) do
        failed[name] = function() return false end
    end

    failed.linger = function(first) return first == nil end

    local shape = {
        accept = function(sock, from) matrix_kept[id(sock)] = sock return {id(sock), from} end,
        recv = function(data, status) return {data, status} end,
        recvfrom = function(data, from) return {data, from} end,
        linger = function(active, timeout) return {active, timeout} end,
    }

    function matrix(method, ...)
        if from_errno[method] then
            local fine, result, problem = pcall(make, method, ...)
            if not fine then return fail(errno.EINVAL, result) end
            if result == nil then return fail(errno(), problem) end
            return {result = result}
        end
        local handle, rest = (...), {select(2, ...)}
        local sock = sockd.socket(handle)
        if not sock then return fail(errno.EBADF) end
        local call = method == 'iowait' and function(s, ...) return socket.iowait(s:fd(), ...) end
            or sock[method]
        local results = {pcall(call, sock, unpack(rest, 1, select('#', ...) - 1))}
        if not results[1] then
            if tostring(results[2]):find('closed socket') then return fail(errno.EBADF) end
            return fail(tonumber(errno()) > 0 and errno() or errno.EINVAL, results[2])
        end
        if (failed[method] or is_failure)(results[2], results[3]) then return fail(sock:errno(), sock:error()) end
        if method == 'close' then matrix_kept[handle] = nil end
        return {result = shape[method] and shape[method](results[2], results[3]) or results[2]}
    end
    """

    # Methods that have no parameter for a timeout in Lua.
    UNTIMED = {"accept", "recv", "sysread", "send", "syswrite", "sendto", "recvfrom", "sysconnect"}

    def set_up(self):
        self.client = self.daemon.client()
        self.client.call("sockd.eval", "matrix_kept, matrix_handlers, fiber = {}, {}, require('fiber')")
        self.client.call("sockd.eval", self.SOURCE)

    def close(self):
        self.client.close()

    def call(self, method, *args, **options):
        given = list(args)
        params = [param["name"] for param in self.rows[method]["params"]]
        if "timeout" in options and method not in self.UNTIMED:
            given += [None] * (params.index("timeout") + 1 - len(given))
            given[params.index("timeout")] = options["timeout"]
        result = self.client.call("sockd.eval", "return matrix(...)", method, *given)
        result = result or {}  # an empty table is an empty array
        if "error" in result:
            raise Failure(self.error_name(result["error"]), sentence=result["sentence"])
        return self.shaped(method, result.get("result"))

    def shaped(self, method, result):
        kind = self.rows[method]["result"]
        if kind.startswith("bytes") and isinstance(result, list):
            result = [self.encoded(result[0]), *(result[1:] or [None])]
        return self.encoded(result) if kind == "bytes" else result

    @staticmethod
    def error_name(code):
        return {95: "EOPNOTSUPP", 11: "EAGAIN"}.get(code) or errno.errorcode.get(code, str(code))

    @staticmethod
    def encoded(value):
        return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value


FACES = (Rpc, C, Shell, Lua)
