/** Tests of {@code daemon}. */
@NullMarked
package dev.cardinal.ike.daemon;

import org.jspecify.annotations.NullMarked;
