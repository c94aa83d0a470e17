/* What the tests of the API stand on: fakes of http, flow, roster and the token store, one struct
 * api, and a clock that stands still. */
#ifndef USHERD_FAKE_API_WORLD_H
#define USHERD_FAKE_API_WORLD_H

#include <jansson.h>

#include "api/api.h"
#include "api/api_status.h"
#include "fake_api_access.h"
#include "fake_api_flow.h"
#include "fake_api_hook.h"
#include "fake_api_http.h"
#include "fake_api_roster.h"
#include "fake_auth_store.h"

#define NOW	    INT64_C(1700000000000)
#define CREATE_PATH "/api/v1/invitations"
#define GOOD_BODY                                                                                  \
	"{\"given_name\":\"Ada\",\"family_name\":\"Lovelace\",\"mail\":\"ada@example.org\","       \
	"\"org_unit\":\"ou=A\",\"method\":\"link\",\"groups\":[\"cn=staff\"],\"expires_in\":3600," \
	"\"fields\":{\"phone\":\"free\",\"language\":\"suggested\",\"mail\":\"fixed\"}}"

struct api_world {
	int64_t wall;
	bool directory_is_away; /* else it says what it said when somebody signed in */
	size_t looks;
	struct loop *loop;
	struct store *store;
	struct auth *auth;
	bool beats_rarely; /* a stream; set before api_world_setup() */
	struct fake_flow flow;
	struct fake_roster roster;
	struct api *api;
	char token_text[128]; /* of the last made token, as a header */
	struct health_check health_checks[3];
	size_t health_count;
	struct api_status status; /* all is zero until a test says else */
};

extern struct api_world world;

/* For cmocka. */
int api_world_setup(void **state);
int api_world_teardown(void **state);

/* Makes a token and leaves it in world.token_text. */
void api_world_make_token(unsigned scopes);
/* The same, for FAKE_PLACE alone. */
void api_world_make_limited_token(unsigned scopes);

/* Every reply that says it is JSON is checked to be it. fake_http_free() the result. */
struct http_exchange *api_world_send(struct fake_request q);
/* A request of root on the unix socket. */
struct http_exchange *api_world_send_root(
    enum http_method method, const char *path, const char *query, const char *body);

json_t *api_world_body(struct http_exchange *x);
/* The code of the error on `field` in a problem, "" when there is none. */
const char *api_world_error_on(const json_t *problem, const char *field);

#endif
