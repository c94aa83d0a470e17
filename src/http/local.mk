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

noinst_PROGRAMS += tests/bench/bench_http
tests_bench_bench_http_SOURCES = tests/bench/bench_http.c
tests_bench_bench_http_LDADD = $(HTTP_LIBS)

HTTP_RIG = tests/unit/http_rig.c tests/unit/http_rig.h

check_PROGRAMS += tests/unit/test_http_live
tests_unit_test_http_live_SOURCES = tests/unit/test_http_live.c $(HTTP_FRAMINGS) $(HTTP_RIG)
tests_unit_test_http_live_LDADD = $(HTTP_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_http_life
tests_unit_test_http_life_SOURCES = tests/unit/test_http_life.c $(HTTP_RIG)
tests_unit_test_http_life_LDADD = $(HTTP_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_http_listen
tests_unit_test_http_listen_SOURCES = tests/unit/test_http_listen.c $(HTTP_RIG)
tests_unit_test_http_listen_LDADD = $(HTTP_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_http_tls
tests_unit_test_http_tls_SOURCES = tests/unit/test_http_tls.c $(HTTP_RIG)
tests_unit_test_http_tls_LDADD = $(HTTP_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_http_parse
tests_unit_test_http_parse_SOURCES = tests/unit/test_http_parse.c
tests_unit_test_http_parse_LDADD = $(HTTP_LIBS) $(CMOCKA_LIBS)
