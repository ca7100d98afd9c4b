// Package style draws terrain: pictures of a dataset's stored heights, as tiles that maps are drawn from like imagery. A [Ground] is one
// dataset; [Ground.Source] gives its tiles in one [Style], [Ground.Height] the height of one place.
//
// Pictures are in the geodetic grid, 256 pixels a side. Tile z/x/y covers the 4 x 4 terrain tiles of level z+2 below it, so a pixel is as wide
// as the step between two posts of that level, and its centre lies in the middle between four of them. On the way from posts to a picture
// everything depends on the place alone, never on the tile that asks:
//
//   - window: the posts of one level under a tile and a margin. A post has the height that is stored for its level; where there is no tile of
//     that level (also beyond the deepest, for [Overzoom] more levels) it lies between the posts of the level above, by the four-point rule,
//     which takes posts as they are and bends all but evenly. Beyond the deepest level it is softened half way to a cubic B-spline, so that
//     magnified shading shows little of how the posts were sampled.
//   - field: the heights at the centres of the tile's pixels and of two more around it, by the same rule, and the gradient there after Horn
//     (1981).
//   - style: one file each, paints a field. A pixel sees at most two pixels around itself.
//
// Hence two neighbouring tiles are, bit for bit, the halves of one larger picture. Metres per degree follow the WGS 84 ellipsoid at the pixel's
// latitude.
//
// Pixels whose centre lies outside of the dataset's bound are transparent: the slope to the base around the data is there for meshes, not for
// maps. Heights beyond the bound do not count either; the ground goes on as it came, so that no bevel runs along the data's edge. Inside the
// bound everything is drawn, filled holes and base included: stores do not tell them from data.
//
// Errors are those of the store, wrapped, and [ErrNoHeights].
package style
