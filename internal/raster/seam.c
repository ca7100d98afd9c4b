#include "seam.h"

#include <cpl_conv.h>
#include <cpl_error.h>
#include <cpl_string.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
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

// welcome tells which drivers stay: those of the allow-lists, and what they need themselves.
static int welcome(const char *name) {
	static const char *const names[] = {"VRT", "MEM", "GTiff", "SRTMHGT", "DTED", "AAIGrid", "USGSDEM", "HFA", "ENVI", "EHdr", "JPEG", "PNG",
		"JP2OpenJPEG", "WEBP", "MBTiles", "GPKG", "SQLite", "GeoJSON", "ESRI Shapefile", NULL};
	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0) return 1;
	return 0;
}

// keep_few removes every driver that is not needed, so that nothing a file names (a source, overviews, a mask) is opened by one of them.
static void keep_few(void) {
	for (int i = GDALGetDriverCount() - 1; i >= 0; i--) {
		GDALDriverH driver = GDALGetDriver(i);
		if (!welcome(GDALGetDriverShortName(driver))) GDALDeregisterDriver(driver);
	}
}

void terrane_setup(void) {
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, keep_few);
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
	CPLSetConfigOption("GDAL_ERROR_ON_LIBJPEG_WARNING", "TRUE"); // a JPEG that ends early is an error, not grey
	CPLSetConfigOption("OGR_GEOCODE_QUERY_TEMPLATE", "none");    // SQL in a GeoPackage cannot ask a geocoder
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

// owner returns the dataset whose bands all of these are, and their numbers there, or NULL.
static GDALDatasetH owner(GDALRasterBandH *bands, int n, int *numbers) {
	GDALDatasetH ds = GDALGetBandDataset(bands[0]);
	for (int i = 0; i < n && ds; i++) {
		numbers[i] = GDALGetBandNumber(bands[i]);
		if (GDALGetBandDataset(bands[i]) != ds || numbers[i] < 1 || numbers[i] > GDALGetRasterCount(ds)) return NULL;
		if (GDALGetRasterBand(ds, numbers[i]) != bands[i]) return NULL;
	}
	return ds;
}

int terrane_read(GDALRasterBandH *bands, int n, const int *w, void *buf, GDALDataType type, const int *spacing) {
	int numbers[8];
	GDALDatasetH ds = n > 1 && n <= 8 ? owner(bands, n, numbers) : NULL;
	if (ds) {
		return GDALDatasetRasterIOEx(ds, GF_Read, w[0], w[1], w[2], w[3], buf, w[2], w[3], type, n, numbers,
			spacing[0], spacing[1], spacing[2], NULL);
	}
	for (int i = 0; i < n; i++) {
		char *to = (char *)buf + (size_t)i * spacing[2];
		CPLErr e = GDALRasterIOEx(bands[i], GF_Read, w[0], w[1], w[2], w[3], to, w[2], w[3], type, spacing[0], spacing[1], NULL);
		if (e != CE_None) return e;
	}
	return CE_None;
}

int terrane_color_table(GDALRasterBandH band, unsigned char *rgba, int size) {
	GDALColorTableH table = GDALGetRasterColorTable(band);
	int n = table ? GDALGetColorEntryCount(table) : 0;
	if (n > size) n = size;
	for (int i = 0; i < n; i++) {
		GDALColorEntry e;
		GDALGetColorEntryAsRGB(table, i, &e);
		rgba[4 * i] = e.c1;
		rgba[4 * i + 1] = e.c2;
		rgba[4 * i + 2] = e.c3;
		rgba[4 * i + 3] = e.c4;
	}
	return n;
}

int terrane_empty(GDALRasterBandH band, int x, int y, int width, int height) {
	int status = GDALGetDataCoverageStatus(band, x, y, width, height, GDAL_DATA_COVERAGE_STATUS_DATA, NULL);
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

int terrane_north_first(OGRSpatialReferenceH srs) { return OSREPSGTreatsAsLatLong(srs) || OSREPSGTreatsAsNorthingEasting(srs); }

int terrane_area(OGRSpatialReferenceH srs, double *wsen) {
	return OSRGetAreaOfUse(srs, wsen, wsen + 1, wsen + 2, wsen + 3, NULL) && wsen[0] > -1000;
}

double terrane_unit(OGRSpatialReferenceH srs) {
	return OSRIsGeographic(srs) ? OSRGetAngularUnits(srs, NULL) : OSRGetLinearUnits(srs, NULL);
}

int terrane_epsg_codes(int *codes, int size) {
	int count = 0, used = 0;
	OSRCRSInfo **list = OSRGetCRSInfoListFromDatabase("EPSG", NULL, &count);
	for (int i = 0; i < count && used < size; i++) {
		int flat = list[i]->eType == OSR_CRS_TYPE_GEOGRAPHIC_2D || list[i]->eType == OSR_CRS_TYPE_PROJECTED;
		if (flat && !list[i]->bDeprecated) codes[used++] = atoi(list[i]->pszCode);
	}
	OSRDestroyCRSInfoList(list);
	return used;
}

void terrane_transform(OGRCoordinateTransformationH ct, int n, double *x, double *y) {
	for (int i = 0; i < n; i++) {
		if (!OCTTransform(ct, 1, x + i, y + i, NULL) || !isfinite(x[i]) || !isfinite(y[i])) x[i] = y[i] = NAN;
	}
}

void terrane_free(void *p) { CPLFree(p); }
