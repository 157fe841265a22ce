/** The PKCS#11 binding: functions, constants and layouts as the standard names them, and no policy. */
@NullMarked
package dev.cardinal.hsm.pkcs11;

import org.jspecify.annotations.NullMarked;
