noinst_LIBRARIES += libhttp.a
libhttp_a_SOURCES = \
	src/http/http.h src/http/http_private.h \
	src/http/http_conn.c \
	src/http/http_deadline.c \
	src/http/http_exchange.c \
	src/http/http_guard.c src/http/http_guard.h \
	src/http/http_header.c \
	src/http/http_listen.c \
	src/http/http_parse.c \
	src/http/http_refuse.c \
	src/http/http_reply.c \
	src/http/http_router.c \
	src/http/http_server.c \
	src/http/http_socket.c \
	src/http/http_source.c \
	src/http/http_status.c \
	src/http/http_tls.c

HTTP_FRAMINGS = tests/unit/http_framings.c tests/unit/http_framings.h
EXTRA_DIST += tests/data/framings.txt

check_PROGRAMS += tests/unit/test_http_guard
tests_unit_test_http_guard_SOURCES = tests/unit/test_http_guard.c $(HTTP_FRAMINGS)
tests_unit_test_http_guard_LDADD = libhttp.a $(BASE_LIBS) $(CMOCKA_LIBS)
