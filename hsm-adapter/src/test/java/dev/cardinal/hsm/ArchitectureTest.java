package dev.cardinal.hsm;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.cardinal.hsm.pkcs11.JnaCryptoki;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** The rules of this module's house. */
final class ArchitectureTest {

    private static final JavaClasses CLASSES =
            new ClassFileImporter(List.of(new ImportOption.DoNotIncludeTests())).importPackages("dev.cardinal.hsm");

    @Test
    void onlyTheBindingSeesJna() {
        noClasses()
                .that()
                .doNotBelongToAnyOf(JnaCryptoki.class)
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.sun.jna..")
                .check(CLASSES);
    }

    @Test
    void layersLookDownOnly() {
        noClasses()
                .that()
                .resideInAPackage("dev.cardinal.hsm.pkcs11")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.cardinal.hsm", "dev.cardinal.hsm.pool")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("dev.cardinal.hsm")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.cardinal.hsm.pkcs11", "dev.cardinal.hsm.pool")
                .check(CLASSES);
        slices().matching("dev.cardinal.hsm.(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void knowsNoIkeAndUsesNoProviderOfTheJdksOwnPkcs11() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.cardinal.ike..", "sun.security.pkcs11..")
                .check(CLASSES);
    }

    @Test
    void classesAreFinalSealedOrInterfaces() {
        for (JavaClass type : CLASSES) {
            Class<?> reflected = type.reflect();
            assertTrue(
                    type.isInterface()
                            || type.isEnum()
                            || type.getModifiers().contains(JavaModifier.FINAL)
                            || reflected.isSealed()
                            || reflected.isAnonymousClass(),
                    () -> type.getName() + " is open");
        }
    }

    @Test
    void packagesAreNullMarked() {
        classes()
                .that()
                .haveSimpleName("package-info")
                .should()
                .beAnnotatedWith(NullMarked.class)
                .check(CLASSES);
        long marked = CLASSES.stream()
                .filter(type -> type.getSimpleName().equals("package-info"))
                .count();
        long packages =
                CLASSES.stream().map(JavaClass::getPackageName).distinct().count();
        assertEquals(packages, marked);
    }
}
