/** IKE version 2 (RFC 7296): the SA and a file for each exchange. */
@NullMarked
package dev.cardinal.ike.ikev2;

import org.jspecify.annotations.NullMarked;
