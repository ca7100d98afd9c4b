#ifndef TERRANE_GEOID_H_
#define TERRANE_GEOID_H_

// terrane_operations lists how PROJ turns heights of the vertical system EPSG:code into heights above the ellipsoid of WGS 84, ballpark guesses left out;
// the network is not asked. A line an operation, its fields apart by tabs: accuracy, west, south, east, north, whether PROJ can run it, the pipeline in
// PROJ's words, and for each grid a field "name|path|url". The string is freed with free.
char *terrane_operations(int code);

// terrane_pipeline_open prepares a pipeline for one goroutine at a time; NULL if PROJ cannot. terrane_pipeline_close frees it.
typedef struct terrane_pipeline terrane_pipeline;
terrane_pipeline *terrane_pipeline_open(const char *text);
void terrane_pipeline_close(terrane_pipeline *p);

// terrane_pipeline_lift returns what becomes of height 0 at a longitude and latitude; NaN where PROJ has no answer.
double terrane_pipeline_lift(terrane_pipeline *p, double lon, double lat);

// terrane_grid_folders returns the folders in which PROJ looks for grids, apart by colons. The string is freed with free.
char *terrane_grid_folders(void);

#endif
