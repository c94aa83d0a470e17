#include "html.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { NAME_MAX_SEEN = 64 };

enum state {
	DATA,
	TAG_NAME,
	BEFORE_NAME,
	IN_NAME,
	AFTER_NAME,
	BEFORE_VALUE,
	DOUBLE_QUOTED,
	SINGLE_QUOTED,
	UNQUOTED,
	COMMENT,
	BOGUS_COMMENT
};

/* Elements whose content has no tags, only their own end. */
static const char *const raw_elements[] = { "script", "style", "textarea", "title", "xmp", "iframe",
	"noembed", "noframes", "plaintext", NULL };

struct html {
	const char *at, *end;
	enum state state;
	bool is_end_tag;
	char tag[NAME_MAX_SEEN], name[NAME_MAX_SEEN];
	const char *raw;     /* the raw element that the text is in, or NULL */
	const char *value;   /* where the attribute's value begins */
	const char *comment; /* behind "<!--" */
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static void
name_add(char *name, char c)
{
	size_t len = strlen(name);

	if (len + 1 < NAME_MAX_SEEN) {
		name[len] = (char)tolower((unsigned char)c);
		name[len + 1] = '\0';
	}
}

static bool
starts(const struct html *h, const char *word)
{
	return (size_t)(h->end - h->at) >= strlen(word) &&
	       strncasecmp(h->at, word, strlen(word)) == 0;
}

/* In raw text only the element's own end tag is one. */
static bool
ends_raw(const struct html *h)
{
	size_t len = strlen(h->raw);

	if (!starts(h, "</") || (size_t)(h->end - h->at) < len + 3 ||
	    strncasecmp(h->at + 2, h->raw, len) != 0)
		return false;
	return is_space(h->at[len + 2]) || h->at[len + 2] == '/' || h->at[len + 2] == '>';
}

static void
data_byte(struct html *h)
{
	size_t slash;

	if (*h->at != '<' || (h->raw != NULL && !ends_raw(h)))
		return;
	slash = starts(h, "</");
	if (h->at + 1 + slash < h->end && isalpha((unsigned char)h->at[1 + slash])) {
		h->state = TAG_NAME;
		h->is_end_tag = slash;
		h->tag[0] = h->name[0] = '\0';
		h->at += slash;
	} else if (starts(h, "<!--")) {
		h->state = COMMENT;
		h->at += 3;
		h->comment = h->at + 1;
	} else if (starts(h, "<!") || starts(h, "<?") || (slash && !starts(h, "</>"))) {
		h->state = BOGUS_COMMENT;
	}
}

static void
end_tag(struct html *h)
{
	h->state = DATA;
	if (h->is_end_tag) {
		h->raw = NULL;
		return;
	}
	for (size_t i = 0; raw_elements[i] != NULL; i++)
		if (strcmp(raw_elements[i], h->tag) == 0)
			h->raw = raw_elements[i];
}

static void
begin_name(struct html *h, char c)
{
	h->state = IN_NAME;
	h->name[0] = '\0';
	name_add(h->name, c);
}

static void
tag_byte(struct html *h, char c)
{
	if (c == '>') {
		end_tag(h);
		return;
	}
	switch (h->state) {
	case TAG_NAME:
		if (is_space(c) || c == '/')
			h->state = BEFORE_NAME;
		else
			name_add(h->tag, c);
		break;
	case BEFORE_NAME:
		if (!is_space(c) && c != '/')
			begin_name(h, c);
		break;
	case IN_NAME:
		if (is_space(c))
			h->state = AFTER_NAME;
		else if (c == '/')
			h->state = BEFORE_NAME;
		else if (c == '=')
			h->state = BEFORE_VALUE;
		else
			name_add(h->name, c);
		break;
	case AFTER_NAME:
		if (c == '=')
			h->state = BEFORE_VALUE;
		else if (c == '/')
			h->state = BEFORE_NAME;
		else if (!is_space(c))
			begin_name(h, c);
		break;
	default:
		break;
	}
}

static void
value_byte(struct html *h, char c)
{
	if (h->state == BEFORE_VALUE) {
		h->value = h->at + 1;
		if (c == '"')
			h->state = DOUBLE_QUOTED;
		else if (c == '\'')
			h->state = SINGLE_QUOTED;
		else if (c == '>')
			end_tag(h);
		else if (!is_space(c)) {
			h->state = UNQUOTED;
			h->value = h->at;
		}
	} else if (h->state == UNQUOTED) {
		if (c == '>')
			end_tag(h);
		else if (is_space(c))
			h->state = BEFORE_NAME;
	} else if (c == (h->state == DOUBLE_QUOTED ? '"' : '\''))
		h->state = BEFORE_NAME;
}

/* "<!-->" and "<!--->" are whole comments; "--!>" ends one as well. */
static void
comment_byte(struct html *h)
{
	const char *at = h->at;
	size_t before = (size_t)(at - h->comment);

	if (*at != '>')
		return;
	if (before == 0 || (before == 1 && at[-1] == '-') ||
	    (before >= 2 && at[-1] == '-' && at[-2] == '-') ||
	    (before >= 3 && memcmp(at - 3, "--!", 3) == 0))
		h->state = DATA;
}

static enum html_place
place_of(const struct html *h)
{
	switch (h->state) {
	case DATA:
		if (h->raw == NULL || strcmp(h->raw, "title") == 0 ||
		    strcmp(h->raw, "textarea") == 0)
			return HTML_TEXT;
		return HTML_RAW;
	case DOUBLE_QUOTED:
	case SINGLE_QUOTED:
		return HTML_QUOTED;
	case UNQUOTED:
		return HTML_UNQUOTED;
	case COMMENT:
	case BOGUS_COMMENT:
		return HTML_COMMENT;
	default:
		return HTML_TAG;
	}
}

void
html_read(const char *text, size_t len,
    void (*each)(void *arg, const char *at, const struct html_at *where), void *arg)
{
	struct html h = { .at = text, .end = text + len };

	for (; h.at < h.end; h.at++) {
		const struct html_at where = { place_of(&h), h.name, h.value };

		each(arg, h.at, &where);
		if (h.state == DATA)
			data_byte(&h);
		else if (h.state == COMMENT)
			comment_byte(&h);
		else if (h.state == BOGUS_COMMENT)
			h.state = *h.at == '>' ? DATA : BOGUS_COMMENT;
		else if (h.state >= BEFORE_VALUE)
			value_byte(&h, *h.at);
		else
			tag_byte(&h, *h.at);
	}
}
