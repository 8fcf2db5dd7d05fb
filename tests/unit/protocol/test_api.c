/* The answer of sockd.api: it fits the wire, and tells every method. */
#include "protocol/api.h"

#include "protocol/methods.h"
#include "protocol/notifications.h"
#include "protocol/scan.h"
#include "protocol/view.h"

#include <criterion/criterion.h>
#include <string.h>

static struct view find(struct view map, const char *key)
{
    struct view value;

    cr_assert(view_find(map, key, &value), "no %s", key);
    return value;
}

static bool text_is(struct view value, const char *text)
{
    const char *data;
    size_t size;

    return view_str(&value, &data, &size) && size == strlen(text) && memcmp(data, text, size) == 0;
}

Test(api, tells_every_method)
{
    struct writer writer;
    struct scan scan;
    uint32_t count;
    int64_t number;

    writer_init_heap(&writer, LIMIT_MESSAGE);
    api_put(&writer);
    cr_assert_eq(writer.error, 0);
    scan_init(&scan, &scan_default_limits);
    cr_assert_eq(scan_step(&scan, writer.data, writer.size), SCAN_WHOLE);
    cr_assert_eq(scan.size, writer.size);

    struct view api = view_of(writer.data, writer.size);
    struct view level = find(api, "level");
    cr_assert(view_int(&level, &number) && number == LIMIT_LEVEL);
    struct view message = find(find(api, "limits"), "message");
    cr_assert(view_int(&message, &number) && number == LIMIT_MESSAGE);
    cr_assert(text_is(find(find(api, "types"), "bool"), "a boolean"));

    struct view list = find(api, "methods");
    cr_assert(view_array(&list, &count));
    cr_assert_eq(count, METHOD_COUNT);
    for (int id = 0; id < METHOD_COUNT; id++) {
        struct view one;
        cr_assert(view_take(&list, &one));
        cr_assert(text_is(find(one, "name"), methods[id].name));
        cr_assert(text_is(find(one, "doc"), methods[id].doc));
        struct view params = find(one, "params");
        cr_assert(view_array(&params, &count) && count == methods[id].count);
    }
    writer_free_heap(&writer);
}

Test(api, tells_parameters_and_options)
{
    struct writer writer;
    uint32_t count;
    bool required = true;
    struct view one;

    writer_init_heap(&writer, LIMIT_MESSAGE);
    api_put(&writer);
    struct view list = find(view_of(writer.data, writer.size), "methods");
    cr_assert(view_array(&list, &count));
    for (int id = 0; id <= METHOD_accept; id++)
        cr_assert(view_take(&list, &one));
    struct view options = find(one, "options");
    cr_assert(view_array(&options, &count) && count == 5);
    cr_assert(text_is(options, "timeout"));
    cr_assert(text_is(find(one, "waits"), "until its timeout"));
    cr_assert(text_is(find(one, "caller"), "owner"));
    cr_assert(text_is(find(one, "result"), "id, address"));

    while (!text_is(find(one, "name"), "shutdown"))
        cr_assert(view_take(&list, &one));
    struct view params = find(one, "params");
    cr_assert(view_array(&params, &count) && count == 2);
    cr_assert(view_skip(&params));
    cr_assert(text_is(find(params, "name"), "how"));
    cr_assert(text_is(find(params, "type"), "symbol"));
    cr_assert(text_is(find(params, "default"), "both directions"));
    struct view flag = find(params, "required");
    cr_assert(view_bool(&flag, &required) && !required);
    writer_free_heap(&writer);
}

Test(api, tells_notifications_and_what_the_words_mean)
{
    struct writer writer;
    uint32_t count;
    struct view one;

    writer_init_heap(&writer, LIMIT_MESSAGE);
    api_put(&writer);
    struct view api = view_of(writer.data, writer.size);
    cr_assert(text_is(find(find(api, "options"), "timeout"), "a number of seconds"));
    cr_assert(text_is(find(find(api, "results"), "active, timeout"),
                      methods_result_means(METHOD_RESULT_LINGER)));
    struct view results = find(api, "results");
    cr_assert(view_map(&results, &count) && count == METHOD_RESULT_KINDS);

    struct view list = find(api, "notifications");
    cr_assert(view_array(&list, &count));
    cr_assert_eq(count, NOTIFICATION_COUNT);
    for (int id = 0; id < NOTIFICATION_COUNT; id++) {
        cr_assert(view_take(&list, &one));
        cr_assert(text_is(find(one, "name"), notifications[id].name));
        cr_assert(text_is(find(one, "method"), notifications[id].method));
        struct view params = find(one, "params");
        cr_assert(view_array(&params, &count) && count == notifications[id].count);
        cr_assert(text_is(find(params, "name"), "h"));
    }
    writer_free_heap(&writer);
}
