/** Tests of {@code loop}. */
@NullMarked
package dev.cardinal.ike.loop;

import org.jspecify.annotations.NullMarked;
