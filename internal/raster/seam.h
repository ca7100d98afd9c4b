#ifndef TERRANE_SEAM_H_
#define TERRANE_SEAM_H_

#include <gdal.h>
#include <ogr_srs_api.h>

// terrane_setup sets what the whole process needs of GDAL; calling it again changes nothing.
void terrane_setup(void);

// terrane_begin starts to collect GDAL's messages of the calling thread; terrane_end stops and returns the worst class seen
// (a CPLErr), copying what was said into text.
void terrane_begin(void);
int terrane_end(char *text, int size);

// terrane_geotransform returns 0 where the dataset has none (the binding drops that answer).
int terrane_geotransform(GDALDatasetH ds, double *t);

// terrane_empty tells that the file holds no block of this window (a sparse file).
int terrane_empty(GDALRasterBandH band, int x, int y, int width, int height);

// The following strings belong to the caller and are freed with CPLFree; NULL where there is none.
char *terrane_dataset_wkt(GDALDatasetH ds);
char *terrane_files(GDALDatasetH ds); // one name a line
char *terrane_wkt(OGRSpatialReferenceH srs);
char *terrane_horizontal_wkt(OGRSpatialReferenceH srs);

// terrane_name and terrane_authority return strings that belong to srs.
const char *terrane_name(OGRSpatialReferenceH srs);
const char *terrane_authority(OGRSpatialReferenceH srs);
const char *terrane_code(OGRSpatialReferenceH srs);
int terrane_axes(OGRSpatialReferenceH srs);

// terrane_transform moves each point by itself, so that the operation PROJ picks for it depends on that point only (of an array
// OGR takes the mean). Points that fail become NaN.
void terrane_transform(OGRCoordinateTransformationH ct, int n, double *x, double *y);

void terrane_free(void *p);

#endif
