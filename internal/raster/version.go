package raster

/*
#cgo pkg-config: gdal
#include <gdal.h>

static const char *release_name(void) { return GDALVersionInfo("RELEASE_NAME"); }
*/
import "C"

// Version returns the version of the GDAL library that the program runs with, for example "3.6.2".
func Version() string { return C.GoString(C.release_name()) }
