package org.cosellbridge.it;

import java.io.File;
import org.jboss.shrinkwrap.api.ShrinkWrap;
import org.jboss.shrinkwrap.api.spec.WebArchive;

/** The WAR as {@code mvn package} left it. */
final class PackagedWar {
    private PackagedWar() {}

    static WebArchive archive() {
        // Payara Micro names the context root after the file
        return ShrinkWrap.createFromZipFile(
                WebArchive.class, new File(System.getProperty("project.build.directory"), "server/cosell.war"));
    }
}
