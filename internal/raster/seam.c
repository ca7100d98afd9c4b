#include "seam.h"

#include <cpl_conv.h>
#include <cpl_error.h>
#include <cpl_string.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

// What one thread has heard since terrane_begin. GDAL's own last error is of the thread too, but keeps the last message only.
static __thread int listening;
static __thread CPLErr worst;
static __thread size_t used;
static __thread char heard[1024];

static void collect(CPLErr class, CPLErrorNum number, const char *message) {
	(void)number;
	if (!listening || class < CE_Warning) return;
	if (class > worst) {
		worst = class;
		used = 0; // warnings before a failure only hide it
	} else if (class < worst) {
		return;
	}
	if (used > 0 && used + 3 < sizeof heard) {
		heard[used++] = ';';
		heard[used++] = ' ';
	}
	for (; *message && used + 1 < sizeof heard; message++)
		heard[used++] = *message == '\n' ? ' ' : *message;
	heard[used] = 0;
}

void terrane_setup(void) {
	CPLSetErrorHandler(collect);
	CPLSetConfigOption("GDAL_PAM_ENABLED", "NO");           // or GDAL writes .aux.xml beside, even into a zip
	CPLSetConfigOption("GTIFF_REPORT_COMPD_CS", "YES");     // the vertical CRS of GeoTIFF 1.0 files too
	CPLSetConfigOption("GDAL_READDIR_LIMIT_ON_OPEN", "100"); // or a folder of 10 000 files is listed 10 000 times
	CPLSetConfigOption("GDAL_VRT_ENABLE_PYTHON", "NO");
	CPLSetConfigOption("RAW_CHECK_FILE_SIZE", "YES");       // truncated ENVI and EHdr files are refused at open
	CPLSetConfigOption("GTIFF_IGNORE_READ_ERRORS", "NO");
	CPLSetConfigOption("DTED_VERIFY_CHECKSUM", "YES");       // a damaged profile is an error, not heights
	CPLSetConfigOption("OSR_DEFAULT_AXIS_MAPPING_STRATEGY", "TRADITIONAL_GIS_ORDER");
	CPLSetConfigOption("CPL_VSIL_CURL_ALLOWED_FILENAME", "none"); // no name under /vsicurl, /vsis3 and the like opens
	OSRSetPROJEnableNetwork(0);
}

void terrane_begin(void) {
	listening = 1;
	worst = CE_None;
	used = 0;
	heard[0] = 0;
}

int terrane_end(char *text, int size) {
	listening = 0;
	snprintf(text, size, "%s", heard);
	return worst;
}

int terrane_geotransform(GDALDatasetH ds, double *t) { return GDALGetGeoTransform(ds, t) == CE_None; }

int terrane_empty(GDALRasterBandH band, int x, int y, int width, int height) {
	int status = GDALGetDataCoverageStatus(band, x, y, width, height, 0, NULL);
	return status == GDAL_DATA_COVERAGE_STATUS_EMPTY;
}

char *terrane_dataset_wkt(GDALDatasetH ds) {
	OGRSpatialReferenceH srs = GDALGetSpatialRef(ds);
	return srs ? terrane_wkt(srs) : NULL;
}

char *terrane_files(GDALDatasetH ds) {
	char **files = GDALGetFileList(ds);
	size_t size = 1;
	for (int i = 0; files && files[i]; i++) size += strlen(files[i]) + 1;
	char *lines = CPLCalloc(size, 1);
	for (int i = 0; files && files[i]; i++) {
		strcat(lines, files[i]);
		strcat(lines, "\n");
	}
	CSLDestroy(files);
	return lines;
}

char *terrane_wkt(OGRSpatialReferenceH srs) {
	static const char *const options[] = {"FORMAT=WKT2_2019", NULL};
	char *wkt = NULL;
	if (OSRExportToWktEx(srs, &wkt, options) != OGRERR_NONE || !wkt || !*wkt) {
		CPLFree(wkt);
		return NULL;
	}
	return wkt;
}

char *terrane_horizontal_wkt(OGRSpatialReferenceH srs) {
	OGRSpatialReferenceH flat = OSRClone(srs);
	char *wkt = NULL;
	if (OSRIsCompound(flat)) OSRStripVertical(flat);
	if (OSRGetAxesCount(flat) > 2) OSRDemoteTo2D(flat, NULL);
	wkt = terrane_wkt(flat);
	OSRRelease(flat);
	return wkt;
}

const char *terrane_name(OGRSpatialReferenceH srs) { return OSRGetName(srs); }
const char *terrane_authority(OGRSpatialReferenceH srs) { return OSRGetAuthorityName(srs, NULL); }
const char *terrane_code(OGRSpatialReferenceH srs) { return OSRGetAuthorityCode(srs, NULL); }
int terrane_axes(OGRSpatialReferenceH srs) { return OSRGetAxesCount(srs); }

void terrane_transform(OGRCoordinateTransformationH ct, int n, double *x, double *y) {
	for (int i = 0; i < n; i++) {
		if (!OCTTransform(ct, 1, x + i, y + i, NULL) || !isfinite(x[i]) || !isfinite(y[i])) x[i] = y[i] = NAN;
	}
}

void terrane_free(void *p) { CPLFree(p); }
