/* Questions to the name service; see question.h. */
#include "net/name/question.h"

#include "net/name/hosts.h"
#include "util/error.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRY_ROOM = 32 << 10 };

void question_free(struct question *question)
{
    if (question->list != NULL)
        freeaddrinfo(question->list);
    free(question->host);
    free(question->service);
    free(question);
}

static int question_answer_reverse(struct question *question)
{
    char host[NI_MAXHOST], service[NI_MAXSERV];
    const struct sockaddr *address = (const struct sockaddr *)&question->address;
    int code = getnameinfo(address, question->address_length, host, sizeof(host), service,
                           sizeof(service), question->flags);
    if (code != 0)
        return code;
    question->host = strdup(host);
    question->service = strdup(service);
    return question->host != NULL && question->service != NULL ? 0 : EAI_MEMORY;
}

static int question_answer_forward(struct question *question)
{
    const struct addrinfo *hints = question->has_hints ? &question->hints : NULL;
    return getaddrinfo(question->host, question->service, hints, &question->list);
}

static int eai_of_h_errno(int problem)
{
    switch (problem) {
    case TRY_AGAIN:
        return EAI_AGAIN;
    case NO_RECOVERY:
    case NETDB_INTERNAL: /* the entry is too large */
        return EAI_FAIL;
    case NO_DATA:
        return EAI_NODATA;
    default:
        return EAI_NONAME;
    }
}

/* Its names, the official one first, with a space between them; none contains one. */
static char *entry_names(const struct hostent *entry)
{
    size_t size = strlen(entry->h_name) + 1;
    for (char **alias = entry->h_aliases; *alias != NULL; alias++)
        size += strlen(*alias) + 1;
    char *names = malloc(size), *end;
    if (names == NULL)
        return NULL;
    end = stpcpy(names, entry->h_name);
    for (char **alias = entry->h_aliases; *alias != NULL; alias++)
        end = stpcpy(stpcpy(end, " "), *alias);
    return names;
}

static char *entry_addresses(const struct hostent *entry)
{
    size_t count = 0;
    while (entry->h_addr_list[count] != NULL)
        count++;
    char *addresses = calloc(count + 1, INET_ADDRSTRLEN + 1), *end = addresses;
    if (addresses == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            *end++ = ' ';
        inet_ntop(AF_INET, entry->h_addr_list[i], end, INET_ADDRSTRLEN);
        end += strlen(end);
    }
    return addresses;
}

/* An address in numbers has an entry, too. */
static int question_answer_entry(struct question *question)
{
    char room[ENTRY_ROOM];
    struct hostent entry, *found = NULL;
    struct in_addr address;
    int problem = HOST_NOT_FOUND;
    if (inet_aton(question->host, &address) != 0)
        gethostbyaddr_r(&address, sizeof(address), AF_INET, &entry, room, sizeof(room), &found,
                        &problem);
    else
        gethostbyname_r(question->host, &entry, room, sizeof(room), &found, &problem);
    if (found == NULL)
        return eai_of_h_errno(problem);
    free(question->host);
    question->host = entry_names(found);
    question->service = entry_addresses(found);
    return question->host != NULL && question->service != NULL ? 0 : EAI_MEMORY;
}

static int question_ask(struct question *question)
{
    if (question->entry)
        return question_answer_entry(question);
    return question->reverse ? question_answer_reverse(question)
                             : question_answer_forward(question);
}

void question_answer(struct question *question)
{
    int code = question_ask(question);
    if (code == EAI_SYSTEM)
        question->result = -errno;
    else
        question->result = code != 0 ? error_from_eai(code) : 0;
}

bool question_is_near(struct hosts *hosts, const struct question *question)
{
    if (question->reverse)
        return (question->flags & NI_NUMERICHOST) ||
               hosts_have_address(hosts, (const struct sockaddr *)&question->address);
    int family = question->has_hints ? question->hints.ai_family : AF_UNSPEC;
    if (question->entry) /* which has addresses of this family alone */
        family = AF_INET;
    int flags = question->has_hints ? question->hints.ai_flags : 0;
    return question->host == NULL || (flags & AI_NUMERICHOST) ||
           hosts_have_name(hosts, question->host, family);
}
