noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	src/base/arena.c src/base/arena.h \
	src/base/buf.c src/base/buf.h \
	src/base/clock.c src/base/clock.h \
	src/base/err.c src/base/err.h \
	src/base/field.c src/base/field.h \
	src/base/id.c src/base/id.h \
	src/base/json.c src/base/json.h \
	src/base/list.h \
	src/base/mem.c src/base/mem.h \
	src/base/secret.c src/base/secret.h
