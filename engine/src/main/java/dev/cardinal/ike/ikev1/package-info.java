/** IKE version 1 (RFC 2407, 2408, 2409): the SA and a file for each exchange. */
@NullMarked
package dev.cardinal.ike.ikev1;

import org.jspecify.annotations.NullMarked;
