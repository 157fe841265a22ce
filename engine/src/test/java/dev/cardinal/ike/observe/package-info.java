/** Tests of {@code observe}. */
@NullMarked
package dev.cardinal.ike.observe;

import org.jspecify.annotations.NullMarked;
