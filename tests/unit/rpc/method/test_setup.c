/* sysconnect, bind, listen, shutdown, close, errno, error, nonblock, name, peer. */
#include "fixture.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;
static struct client *client;

static void start(void)
{
    fixture_start(&fixture, NULL, NULL, NULL);
    client = client_new(&fixture);
}

static void stop(void)
{
    client_free(client);
    fixture_stop(&fixture);
}

static int64_t tcp_socket(void)
{
    return client_int(client, "socket", "sss", "AF_INET", "SOCK_STREAM", "tcp");
}

/* The port in the address that a method tells. */
static int64_t port_of(const char *method, int64_t handle)
{
    struct message answer = client_answer(client, client_request(client, method, "i", handle));
    cr_assert_str_eq(error_name(&answer), "");
    return error_number(&answer, "port");
}

Test(method_setup, a_server_and_a_client_step_by_step)
{
    start();
    int64_t listener = tcp_socket(), one = tcp_socket();
    cr_assert(client_true(client, "bind", "is", listener, "127.0.0.1"));
    cr_assert(client_true(client, "listen", "i", listener));
    int64_t port = port_of("name", listener);
    cr_assert(client_true(client, "sysconnect", "isi", one, "127.0.0.1", port));
    int64_t two = client_int(client, "accept", "i", listener);
    cr_assert_eq(port_of("peer", one), port);
    cr_assert_eq(port_of("name", one), port_of("peer", two));
    cr_assert(client_true(client, "shutdown", "is", one, "SHUT_WR"));
    expect_bytes(client, client_request(client, "sysread", "i", two), "", 0);
    cr_assert(client_true(client, "close", "i", two));
    client_fails(client, "EBADF", "close", "i", two);
    cr_assert(client_true(client, "close", "i", one));
    cr_assert(client_true(client, "close", "i", listener));
    stop();
}

Test(method_setup, the_last_error_is_told)
{
    start();
    int64_t handle = tcp_socket();
    cr_assert_eq(client_int(client, "errno", "i", handle), 0);
    client_text(client, NULL, "error", "i", handle);
    client_fails(client, "ENOTCONN", "peer", "i", handle);
    cr_assert_eq(client_int(client, "errno", "i", handle), ENOTCONN);
    client_text(client, "Transport endpoint is not connected", "error", "i", handle);
    client_fails(client, "ENOTCONN", "shutdown", "i", handle);
    cr_assert(client_true(client, "close", "i", handle));
    stop();
}

Test(method_setup, a_refused_connection_names_its_error)
{
    start();
    int port;
    close(outside_listen(&port));
    int64_t handle = tcp_socket();
    client_fails(client, "ECONNREFUSED", "sysconnect", "isi", handle, "127.0.0.1", (int64_t)port);
    cr_assert(client_true(client, "close", "i", handle));
    stop();
}

Test(method_setup, nonblock_is_told_and_set)
{
    start();
    int64_t handle = tcp_socket();
    cr_assert_not(client_true(client, "nonblock", "i", handle));
    cr_assert(client_true(client, "nonblock", "it", handle));
    cr_assert(client_true(client, "nonblock", "i", handle));
    cr_assert_not(client_true(client, "nonblock", "if", handle));
    cr_assert(client_true(client, "close", "i", handle));
    stop();
}

Test(method_setup, addresses_are_no_names)
{
    start();
    int64_t handle = tcp_socket();
    client_fails(client, "EINVAL", "bind", "iss", handle, "localhost.invalid", "1");
    client_fails(client, "EINVAL", "bind", "iss", handle, "127.0.0.1", "no-such-service");
    client_fails(client, "EINVAL", "sysconnect", "isi", handle, "::1", (int64_t)1);
    client_fails(client, "EINVAL", "bind", "iss", handle, "unix/", "/tmp/x");
    cr_assert(client_true(client, "close", "i", handle));
    stop();
}

Test(method_setup, unix_paths_that_are_too_long_or_hold_a_zero)
{
    static char path[4000];
    start();
    int64_t handle = client_int(client, "socket", "ss", "AF_UNIX", "SOCK_STREAM");
    memset(path, 'x', sizeof path - 1);
    client_fails(client, "ENOBUFS", "bind", "iss", handle, "unix/", path);
    path[120] = 0;
    client_fails(client, "ENOBUFS", "bind", "iss", handle, "unix/", path);
    uint8_t bytes[] = {0x94, 0,   1,   0xa4, 'b', 'i', 'n',  'd', 0x93, (uint8_t)handle,
                       0xa5, 'u', 'n', 'i',  'x', '/', 0xa3, 'a', 0,    'b'};
    client_send(client, bytes, sizeof bytes);
    struct message answer = client_answer(client, 1);
    cr_assert_str_eq(error_name(&answer), "EINVAL");
    cr_assert(client_true(client, "close", "i", handle));
    stop();
}

Test(method_setup, a_unix_socket_has_a_path_for_a_port)
{
    char path[320];
    struct view value;
    const char *text;
    size_t size;
    start();
    snprintf(path, sizeof path, "%s/s", fixture.folder);
    int64_t handle = client_int(client, "socket", "ss", "AF_UNIX", "SOCK_STREAM");
    cr_assert(client_true(client, "bind", "iss", handle, "unix/", path));
    struct message answer = client_answer(client, client_request(client, "name", "i", handle));
    cr_assert(view_find(answer.result, "port", &value) && view_str(&value, &text, &size));
    cr_assert(size == strlen(path) && memcmp(text, path, size) == 0);
    cr_assert(client_true(client, "close", "i", handle));
    stop();
}
