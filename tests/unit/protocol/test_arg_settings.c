/* What may be said of a handle, and what may not. */
#include "protocol/args.h"
#include "protocol/writer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <string.h>

static struct args args;
static struct args_error error;

/* Parses sockd.set(1, {key: what was written}). */
static int parse(const char *key, void (*put)(struct writer *writer, const void *value),
                 const void *value)
{
    struct writer writer;
    writer_init_heap(&writer, 4096);
    writer_int(&writer, 1);
    writer_map(&writer, 1);
    writer_text(&writer, key);
    put(&writer, value);
    struct view view = view_of(writer.data, writer.size);
    int result = args_parse(&args, &methods[METHOD_sockd_set], view, 2, &error);
    writer_free_heap(&writer);
    return result;
}

static void put_text(struct writer *writer, const void *value)
{
    writer_text(writer, value);
}

static void put_number(struct writer *writer, const void *value)
{
    writer_double(writer, *(const double *)value);
}

static int text(const char *key, const char *value)
{
    return parse(key, put_text, value);
}

static int ttl(double seconds)
{
    return parse("ttl", put_number, &seconds);
}

Test(arg_settings, what_is_said_is_noted)
{
    cr_assert_eq(text("share", "group"), 0);
    cr_assert_eq(args.settings.given, METHOD_OPTION_SHARE);
    cr_assert(args.settings.shared);
    cr_assert_eq(text("lifetime", "client"), 0);
    cr_assert_eq(args.settings.given, METHOD_OPTION_LIFETIME);
    cr_assert(args.settings.tied && !args.settings.shared);
    cr_assert_eq(text("name", "web"), 0);
    cr_assert_eq(args.settings.given, METHOD_OPTION_NAME);
    cr_assert_eq(args.settings.name.size, 3);
    cr_assert_eq(ttl(0.5), 0);
    cr_assert_eq(args.settings.given, METHOD_OPTION_TTL);
    cr_assert_eq(args.settings.ttl, 0.5);
}

Test(arg_settings, nil_and_the_word_for_it_are_the_default)
{
    static const struct {
        const char *key, *word;
        enum method_option option;
    } defaults[] = {{"share", "none", METHOD_OPTION_SHARE},
                    {"lifetime", "daemon", METHOD_OPTION_LIFETIME},
                    {"name", "", METHOD_OPTION_NAME},
                    {"ttl", NULL, METHOD_OPTION_TTL}};
    for (size_t i = 0; i < 4; i++) {
        for (int nil = 0; nil < 2; nil++) {
            cr_assert_eq(text(defaults[i].key, nil ? NULL : defaults[i].word), 0);
            cr_assert_eq(args.settings.given, defaults[i].option);
            cr_assert(!args.settings.shared && !args.settings.tied);
            cr_assert(args.settings.name.size == 0 && args.settings.ttl == 0);
        }
    }
    cr_assert_eq(ttl(INFINITY), 0);
    cr_assert_eq(args.settings.ttl, 0);
}

Test(arg_settings, complaints)
{
    cr_assert_eq(text("share", "all"), -EINVAL);
    cr_assert_str_eq(error.text, "sockd.set: share: expected \"group\" or \"none\", got \"all\"");
    cr_assert_eq(text("share", "groups"), -EINVAL);
    cr_assert_eq(text("lifetime", "process"), -EINVAL);
    cr_assert_eq(text("name", "7up"), -EINVAL);
    cr_assert_eq(text("ttl", "soon"), -EINVAL);
    cr_assert_eq(ttl(0), -EINVAL);
    cr_assert_eq(ttl(-1), -EINVAL);
    cr_assert_eq(ttl(NAN), -EINVAL);
    cr_assert_eq(text("timeout", NULL), -EINVAL);
}
