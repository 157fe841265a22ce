/** Reading of published test vectors, where a checkout has them beside it. */
@NullMarked
package dev.cardinal.ike.vectors;

import org.jspecify.annotations.NullMarked;
