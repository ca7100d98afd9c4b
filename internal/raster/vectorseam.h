#ifndef TERRANE_VECTORSEAM_H_
#define TERRANE_VECTORSEAM_H_

#include <gdal.h>
#include <ogr_api.h>

// terrane_no_fetch makes every request that GDAL would send over the network by itself fail: a GeoJSON file may name its reference by an URL.
void terrane_no_fetch(void);

int terrane_layers(GDALDatasetH ds);

// terrane_shape returns a feature's geometry as well-known binary, flat, curves as straight pieces; NULL where it has none. terrane_free_shape frees it.
unsigned char *terrane_shape(OGRFeatureH feature, int *size);

void terrane_free_shape(unsigned char *wkb);

#endif
