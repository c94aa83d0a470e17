noinst_LIBRARIES += libflow.a
libflow_a_SOURCES = \
	src/flow/accept_private.h src/flow/flow_private.h \
	src/flow/flow.c src/flow/flow.h \
	src/flow/flow_accept.c \
	src/flow/flow_administer.c \
	src/flow/flow_change.c \
	src/flow/flow_claim.c \
	src/flow/flow_expire.c \
	src/flow/flow_issue.c \
	src/flow/flow_names.c \
	src/flow/flow_resolve.c \
	src/flow/flow_settle.c \
	src/flow/flow_view.c
