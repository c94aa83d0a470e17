/* How the daemon is, as GET /api/v1/status tells it: plain values, composed by whoever has the
 * parts. Nothing here is waited for. A text that is NULL, and a time that is 0, are not known. */
#ifndef USHERD_API_API_STATUS_H
#define USHERD_API_API_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "invite/feed.h"

/* One word of how a part is. Which of them a part may have is told in openapi.yaml. */
enum api_state {
	/* All is well. */
	API_STATE_OK,
	API_STATE_UP,
	API_STATE_CURRENT,
	API_STATE_COMPLETE,
	API_STATE_OFF, /* as it was configured */
	/* Something is not. */
	API_STATE_DEGRADED,
	API_STATE_DOWN,
	API_STATE_PAUSED,
	API_STATE_UNKNOWN,
	API_STATE_CATCHING_UP,
	API_STATE_LOADING,
	API_STATE_INCOMPLETE,
	API_STATE_AWAY,
	API_STATE_FAILING,
	API_STATE_COUNT
};

enum { API_STATUS_LIBRARIES_MAX = 8, API_STATUS_SERVERS_MAX = 8 };

/* Times are wall ms. What a server said may be any bytes, but names nobody: it is told to whoever
 * may see this, not to administrators alone. */
struct api_status {
	const char *version;
	int64_t started_at;
	struct {
		const char *name, *version;
	} libraries[API_STATUS_LIBRARIES_MAX];
	size_t library_count;
	struct {
		enum api_state state;
		const char *profile;
		struct api_status_server {
			const char *uri;
			bool preferred, in_use;
			enum api_state state;
			int64_t since, error_at;
			const char *error;
		} servers[API_STATUS_SERVERS_MAX];
		size_t server_count;
	} directory;
	struct {
		enum api_state state;
		const char *method; /* "sync", "poll" */
		int64_t heard_at;
		int64_t entries; /* of a refresh under way; -1: there is none */
		const char *reason;
	} feed;
	struct {
		enum api_state state;
		bool has_counts;
		uint64_t counts[FEED_STATUS_COUNT];
		uint64_t bytes;
	} list;
	struct {
		enum api_state state;
		const char *kind;
		int schema;
		uint64_t bytes; /* 0: it has no files */
		const char *reason;
	} store;
	struct {
		enum api_state state;
		size_t waiting, sending;
		int64_t oldest_at, paused_until, failed_at, sent_at;
		const char *failure;
	} mail;
	struct {
		enum api_state state;
		size_t count, enabled, failing;
	} webhooks;
	size_t sessions;
};

#endif
