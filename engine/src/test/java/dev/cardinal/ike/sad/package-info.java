/** Tests of {@code sad}. */
@NullMarked
package dev.cardinal.ike.sad;

import org.jspecify.annotations.NullMarked;
