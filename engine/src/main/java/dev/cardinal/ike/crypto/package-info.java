/** The algorithm catalogue, secrets, symmetric work done in the loop, and the port to public-key work done elsewhere. */
@NullMarked
package dev.cardinal.ike.crypto;

import org.jspecify.annotations.NullMarked;
