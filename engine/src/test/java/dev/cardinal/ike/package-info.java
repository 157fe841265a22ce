/** Tests of the project as a whole. */
@NullMarked
package dev.cardinal.ike;

import org.jspecify.annotations.NullMarked;
