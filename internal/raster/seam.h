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

// terrane_read reads a window (column, row, columns, rows) of bands into one buffer, at the spacings given in bytes; all at once where the bands are of one
// dataset, so that blocks are decoded once. It returns a CPLErr.
int terrane_read(GDALRasterBandH *bands, int n, const int *window, void *buf, GDALDataType type, const int *spacing);

// terrane_color_table writes a palette's colours, 4 bytes each, and returns how many there are; 0 where there is none.
int terrane_color_table(GDALRasterBandH band, unsigned char *rgba, int size);

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

// terrane_north_first tells that EPSG writes the northing or latitude first, by GDAL's rule. terrane_area returns 0 where the area of use is not known.
int terrane_north_first(OGRSpatialReferenceH srs);
int terrane_area(OGRSpatialReferenceH srs, double *wsen);

// terrane_unit returns metres, or radians for a geographic system, of one unit.
double terrane_unit(OGRSpatialReferenceH srs);

// terrane_epsg_codes writes the codes of the geographic 2D and projected systems of the EPSG registry and returns how many there are, at most size.
int terrane_epsg_codes(int *codes, int size);

// terrane_transform moves each point by itself, so that the operation PROJ picks for it depends on that point only (of an array
// OGR takes the mean). Points that fail become NaN.
void terrane_transform(OGRCoordinateTransformationH ct, int n, double *x, double *y);

void terrane_free(void *p);

#endif
