/** Tests of {@code net}. */
@NullMarked
package dev.cardinal.ike.net;

import org.jspecify.annotations.NullMarked;
