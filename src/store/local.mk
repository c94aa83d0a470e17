noinst_LIBRARIES += libstore.a
libstore_a_SOURCES = \
	src/store/kv.c src/store/kv.h src/store/kv_private.h \
	src/store/kv_front.c src/store/kv_memory.c src/store/kv_op.c src/store/kv_recent.c \
	src/store/kv_sqlite.c src/store/kv_sqlite_private.h \
	src/store/kv_sqlite_db.c src/store/kv_sqlite_file.c src/store/kv_sqlite_open.c \
	src/store/seal.c src/store/seal.h \
	src/store/store.c src/store/store.h src/store/store_private.h \
	src/store/store_api_token.c src/store/store_codec.c src/store/store_commit.c \
	src/store/store_issue.c src/store/store_load.c src/store/store_purge.c \
	src/store/store_record.c src/store/store_save.c

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_kv
tests_unit_test_kv_SOURCES = tests/unit/test_kv.c tests/unit/kv_call.h
tests_unit_test_kv_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit
tests_unit_test_kv_LDADD = libstore.a $(LOOP_LIBS) $(SQLITE_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_kv_sqlite
tests_unit_test_kv_sqlite_SOURCES = tests/unit/test_kv_sqlite.c tests/unit/kv_call.h
tests_unit_test_kv_sqlite_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit
tests_unit_test_kv_sqlite_LDADD = libstore.a $(LOOP_LIBS) $(SQLITE_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_seal
tests_unit_test_seal_SOURCES = tests/unit/test_seal.c
tests_unit_test_seal_LDADD = libstore.a $(BASE_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/test_store
tests_unit_test_store_SOURCES = tests/unit/test_store.c tests/unit/kv_call.h
tests_unit_test_store_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit
tests_unit_test_store_LDADD = $(STORE_LIBS) $(CMOCKA_LIBS)
endif

noinst_PROGRAMS += tests/bench/bench_store
tests_bench_bench_store_SOURCES = tests/bench/bench_store.c
tests_bench_bench_store_LDADD = $(STORE_LIBS)
