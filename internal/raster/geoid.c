#include "geoid.h"

#include <math.h>
#include <proj.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct terrane_pipeline {
	PJ_CONTEXT *context;
	PJ *operation;
};

// text is a string that grows.
struct text {
	char *bytes;
	size_t used, size;
};

static void add(struct text *t, const char *s) {
	size_t n = strlen(s);
	if (t->used + n + 1 > t->size) {
		size_t size = 2 * (t->used + n + 1);
		char *bytes = realloc(t->bytes, size);
		if (!bytes) return;
		t->bytes = bytes;
		t->size = size;
	}
	memcpy(t->bytes + t->used, s, n + 1);
	t->used += n;
}

// context returns one that says nothing and asks no network.
static PJ_CONTEXT *context(void) {
	PJ_CONTEXT *c = proj_context_create();
	proj_log_level(c, PJ_LOG_NONE);
	proj_context_set_enable_network(c, 0);
	return c;
}

static void describe(PJ_CONTEXT *c, PJ *op, struct text *out) {
	const char *pipeline = proj_as_proj_string(c, op, PJ_PROJ_5, NULL);
	double w = -180, s = -90, e = 180, n = 90;
	char numbers[160];
	if (!pipeline || proj_coordoperation_has_ballpark_transformation(c, op)) return;
	if (!proj_get_area_of_use(c, op, &w, &s, &e, &n, NULL) || w < -1000) w = -180, s = -90, e = 180, n = 90;
	snprintf(numbers, sizeof numbers, "%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%d\t", proj_coordoperation_get_accuracy(c, op), w, s, e, n,
		proj_coordoperation_is_instantiable(c, op));
	add(out, numbers);
	add(out, pipeline);
	for (int i = 0, count = proj_coordoperation_get_grid_used_count(c, op); i < count; i++) {
		const char *name = "", *path = "", *url = "";
		if (!proj_coordoperation_get_grid_used(c, op, i, &name, &path, NULL, &url, NULL, NULL, NULL)) continue;
		add(out, "\t");
		add(out, name);
		add(out, "|");
		add(out, path);
		add(out, "|");
		add(out, url);
	}
	add(out, "\n");
}

char *terrane_operations(int code) {
	struct text out = {0};
	char source[32];
	PJ_CONTEXT *c = context();
	PJ_OPERATION_FACTORY_CONTEXT *factory = proj_create_operation_factory_context(c, NULL);
	snprintf(source, sizeof source, "EPSG:4326+%d", code);
	PJ *from = proj_create(c, source), *to = proj_create(c, "EPSG:4979");
	if (from && to && factory) {
		proj_operation_factory_context_set_spatial_criterion(c, factory, PROJ_SPATIAL_CRITERION_PARTIAL_INTERSECTION);
		proj_operation_factory_context_set_grid_availability_use(c, factory, PROJ_GRID_AVAILABILITY_IGNORED);
		PJ_OBJ_LIST *list = proj_create_operations(c, from, to, factory);
		for (int i = 0, n = list ? proj_list_get_count(list) : 0; i < n; i++) {
			PJ *op = proj_list_get(c, list, i);
			describe(c, op, &out);
			proj_destroy(op);
		}
		proj_list_destroy(list);
	}
	proj_operation_factory_context_destroy(factory);
	proj_destroy(from);
	proj_destroy(to);
	proj_context_destroy(c);
	return out.bytes;
}

terrane_pipeline *terrane_pipeline_open(const char *text) {
	terrane_pipeline *p = calloc(1, sizeof *p);
	if (!p) return NULL;
	p->context = context();
	p->operation = proj_create(p->context, text);
	if (!p->operation) {
		terrane_pipeline_close(p);
		return NULL;
	}
	return p;
}

void terrane_pipeline_close(terrane_pipeline *p) {
	proj_destroy(p->operation);
	proj_context_destroy(p->context);
	free(p);
}

double terrane_pipeline_lift(terrane_pipeline *p, double lon, double lat) {
	PJ_COORD at = proj_trans(p->operation, PJ_FWD, proj_coord(lat, lon, 0, HUGE_VAL)); // EPSG writes the latitude first
	return isfinite(at.xyzt.z) ? at.xyzt.z : NAN;
}

char *terrane_grid_folders(void) {
	struct text out = {0};
	PJ_CONTEXT *c = context();
	proj_context_get_user_writable_directory(c, 0);
	add(&out, proj_info().searchpath);
	proj_context_destroy(c);
	return out.bytes;
}
