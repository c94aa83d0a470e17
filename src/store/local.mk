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
