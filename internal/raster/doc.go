// Package raster reads heights out of elevation files at the posts of a global lattice, and colours out of pictures at the pixels of a tile grid; and
// it knows reference systems ([LookupCRS], [Registry]). It is the one package that imports GDAL; it fills slices that the caller owns and has never heard
// of a tile or a mesh.
//
// # Files, layers, stack
//
// [OpenStack] opens any number of DEM files as one [Stack]. Files that share reference, pixel size and alignment become one
// layer and are read as one mosaic, so interpolation runs across their borders (and across the antimeridian, where 360
// degrees are a whole number of pixels). Layers lie on top of each other, the finest first unless told otherwise; what is
// void in one is filled from below. A file is area: pixel c spans c..c+1, its height sits in the middle, and the data ends
// at the outer edges, half a pixel beyond the last middle.
//
// # Positions
//
// A [Lattice] is a window of posts at longitude -180 + i*s, latitude -90 + j*s. [Stack.Heights] interpolates bilinearly, and
// a post's height depends on the post alone, to the bit, however the windows are cut. In a reference whose degrees are WGS
// 84's to a hundredth of a pixel (WGS 84, ETRS89, NAD83) columns and rows come straight from the post's number. Elsewhere
// PROJ places control points on every 64th post or closer, one spacing for a layer and level; between them positions are
// interpolated. Every cell is tested in its middle; where it is off by more than 0.02 pixel, or PROJ has no answer, its
// posts are transformed one by one. Posts more than two pixels apart read a thinned raster, through overviews where there
// are any. Degrees may be counted from anywhere, and x of a cylindrical projection on beyond its cut, where PROJ knows the
// other side of it only.
//
// # Heights
//
// Metres above the ellipsoid of WGS 84. Scale, offset and unit (feet, US survey feet) are applied, depths become negative, and where heights
// count from a geoid its undulation at the post is added. What they count from is found, in a compound or 3D CRS, in metadata, by the form of a
// well-known product, or told by [Options]; each file has its own. Where nothing is known they are passed on as they are ([Vertical],
// [File.Ellipsoidal]).
//
// Void (NaN) are: declared nodata, NaN and infinity, masked pixels, transparent pixels, posts that the geoid does not reach, values that are
// typical of undeclared nodata and no height on Earth (-9999, -32767, -32768, 3.4e38, ...), and everything outside -12000..9000 m by the file's
// own datum; those that were seen are listed in [FileSurvey]. A file with more than a few of the last, or with any twice as far out among the
// samples, is refused at open ([ErrHeights]): its unit or its nodata is wrong.
//
// # Geoids
//
// [OpenGeoid] finds the operation in PROJ's database and reads its grid, which is then interpolated as PROJ's vgridshift does it, in some
// 30 ns; a check at opening compares the two. An operation that is more than one grid is left to PROJ, point by point. GDAL and PROJ leave
// heights as they are, without a word, where a grid is missing or PROJ knows no file for it: here that is an error ([ErrVertical]) which names
// the grid. No grid is fetched.
//
// # Pictures
//
// [OpenPictures] opens any number of pictures, the last one given on top unless told otherwise, and [Pictures.Paint] fills a [Window] of a grid. The
// window's pixels are placed by PROJ and internal/resample; each file is read once per window, at the coarsest level that is fine enough, and what is
// still finer than the window is averaged. Overviews of JPEG 2000 are moved by the half pixel per level that GDAL leaves out. Colours are 8 bits a
// channel, alpha straight: see [PictureFile] for how bands are chosen, what is transparent and how other types are scaled. Bands are alpha only where
// the file or the caller says so. A pixel is shown where its centre falls on the raster, as gdalwarp has it, so neighbouring files meet without a seam.
// What is placed by control points only is refused. [Pictures.Values] gives the numbers of the source pixels instead, of all bands.
//
// # Polygons
//
// [ReadPolygons] reads the polygons of a vector file and places them in degrees, by the same rules of what is let in: GeoJSON whose reference is named, not
// linked, a Shapefile with the files that belong to it, GeoPackage. A ring must be closed and must not cross itself; it may go across the antimeridian
// where it says so by longitudes beyond 180 or by its projection, and round a pole.
//
// # What is let in
//
// Only regular local files reach GDAL, by absolute path, with an allow-list of drivers: GeoTIFF and COG, SRTM .hgt, DTED,
// ASCII grid, USGS DEM, Erdas .img, ENVI, EHdr; one such file inside a zip; a VRT that is a plain mosaic of GeoTIFFs in its
// own folder. Pictures may be GeoTIFF and COG, JPEG, PNG, JPEG 2000, WebP, MBTiles and GeoPackage rasters, .img, ENVI, EHdr, and a VRT over such files
// in its own folder. Databases must be whole, not in WAL mode, and without SQL that runs code: GDAL opens them for reading and leaves nothing
// beside them. All other drivers of GDAL are removed from the process. What GDAL opens by itself beside a file (overviews, masks, also inside a zip) is held to what its name says, and
// a zip's raster other than .hgt to 256 MiB. GDAL writes nothing beside the files, uses no network, and takes no text from the user but paths and EPSG
// numbers. Complex values, pictures where heights are meant, files without a place on Earth, empty, truncated and absurd files are refused with a
// remedy.Error (file, cause, what to try); every such error matches [ErrInput]. netCDF and others are not read: convert with
// gdal_translate.
//
// # GDAL underneath
//
// lukeroth/gdal does the plain calls; seam.c adds what it lacks. GDAL's reason for a failure belongs to the OS thread, so
// every call runs in collected, which locks the thread and gathers messages in a thread-local buffer. A handle serves one
// goroutine at a time; a pool lends a bounded number. Every read is checked: a damaged block is an error, never void and
// never zero.
package raster
