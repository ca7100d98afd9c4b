#include "vectorseam.h"

#include <cpl_conv.h>
#include <cpl_error.h>
#include <cpl_http.h>
#include <pthread.h>

static CPLHTTPResult *refuse(const char *url, CSLConstList options, GDALProgressFunc progress, void *arg, CPLHTTPFetchWriteFunc write, void *to, void *user) {
	(void)url, (void)options, (void)progress, (void)arg, (void)write, (void)to, (void)user;
	CPLError(CE_Failure, CPLE_NotSupported, "this program makes no outbound connections");
	return NULL;
}

static void refuse_all(void) { CPLHTTPSetFetchCallback(refuse, NULL); }

void terrane_no_fetch(void) {
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, refuse_all);
}

int terrane_layers(GDALDatasetH ds) { return GDALDatasetGetLayerCount(ds); }

unsigned char *terrane_shape(OGRFeatureH feature, int *size) {
	OGRGeometryH shape = OGR_F_GetGeometryRef(feature);
	*size = 0;
	if (!shape || OGR_G_IsEmpty(shape)) return NULL;
	OGRGeometryH flat = OGR_G_GetLinearGeometry(shape, 0, NULL);
	if (!flat) return NULL;
	OGR_G_FlattenTo2D(flat);
	unsigned char *wkb = NULL;
	int n = OGR_G_WkbSize(flat);
	if (n > 0) wkb = VSI_MALLOC_VERBOSE(n);
	if (wkb && OGR_G_ExportToWkb(flat, wkbNDR, wkb) == OGRERR_NONE) {
		*size = n;
	} else {
		CPLFree(wkb);
		wkb = NULL;
	}
	OGR_G_DestroyGeometry(flat);
	return wkb;
}

void terrane_free_shape(unsigned char *wkb) { CPLFree(wkb); }
