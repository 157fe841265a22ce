/** The IKE wire format: values, and the codec between them and octets. */
@NullMarked
package dev.cardinal.ike.wire;

import org.jspecify.annotations.NullMarked;
