noinst_PROGRAMS += tests/bench/load_http tests/bench/bare_register tests/bench/bare_store
tests_bench_load_http_SOURCES = tests/bench/load_http.c tests/bench/seconds.h
tests_bench_load_http_LDADD = $(BASE_LIBS)
tests_bench_bare_register_SOURCES = tests/bench/bare_register.c tests/bench/seconds.h
tests_bench_bare_register_LDADD = $(SODIUM_LIBS) $(LDAP_LIBS)
tests_bench_bare_store_SOURCES = tests/bench/bare_store.c tests/bench/seconds.h
tests_bench_bare_store_LDADD = $(SODIUM_LIBS) $(SQLITE_LIBS)
