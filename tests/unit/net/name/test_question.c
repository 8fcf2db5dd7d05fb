/* Questions: what libc answers in their words, and which need no name service. */
#include "net/name/question.h"

#include "net/name/hosts.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static struct hosts hosts;

static void setup(void)
{
    hosts_init(&hosts, "/nonexistent/hosts");
}

TestSuite(question, .init = setup);

static struct question *question_new(const char *host)
{
    struct question *question = calloc(1, sizeof *question);
    cr_assert_not_null(question);
    if (host != NULL)
        cr_assert_not_null(question->host = strdup(host));
    return question;
}

Test(question, a_numeric_host_is_answered_and_near)
{
    struct question *question = question_new("127.0.0.9");
    question->has_hints = true;
    question->hints = (struct addrinfo){.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    cr_assert(question_is_near(&hosts, question));
    question_answer(question);
    cr_assert_eq(question->result, 0);
    const struct sockaddr_in *found = (const void *)question->list->ai_addr;
    cr_assert_eq(ntohl(found->sin_addr.s_addr), 0x7f000009);
    question_free(question);
}

Test(question, a_name_that_no_file_knows_is_far)
{
    struct question *question = question_new("name.test");
    cr_assert_not(question_is_near(&hosts, question));
    question->entry = true;
    cr_assert_not(question_is_near(&hosts, question));
    question_free(question);
}

Test(question, without_a_host_there_is_nothing_to_ask)
{
    struct question *question = question_new(NULL);
    cr_assert(question_is_near(&hosts, question));
    question_free(question);
}

Test(question, the_other_way_round_numbers_are_near_and_names_are_not)
{
    struct question *question = question_new(NULL);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000009)};
    memcpy(&question->address, &address, sizeof address);
    question->address_length = sizeof address;
    question->reverse = true;
    cr_assert_not(question_is_near(&hosts, question));
    question->flags = NI_NUMERICHOST | NI_NUMERICSERV;
    cr_assert(question_is_near(&hosts, question));
    question_answer(question);
    cr_assert_eq(question->result, 0);
    cr_assert_str_eq(question->host, "127.0.0.9");
    question_free(question);
}
