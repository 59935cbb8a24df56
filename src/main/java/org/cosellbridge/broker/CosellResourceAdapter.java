package org.cosellbridge.broker;

import jakarta.resource.spi.BootstrapContext;
import jakarta.resource.spi.ResourceAdapterInternalException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Locale;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.remoting.impl.invm.InVMConnectorFactory;
import org.apache.activemq.artemis.core.remoting.impl.netty.NettyConnectorFactory;
import org.apache.activemq.artemis.core.server.JournalType;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;
import org.apache.activemq.artemis.ra.ActiveMQResourceAdapter;
import org.jspecify.annotations.Nullable;

/**
 * The Artemis adapter that starts a persistent broker inside the JVM, its journal below {@code cosell.data-dir}. It reads system
 * properties and the environment itself: a resource adapter starts before, and outside of, the WAR and its MicroProfile Config.
 */
public class CosellResourceAdapter extends ActiveMQResourceAdapter {
    private static final long serialVersionUID = 1L;
    private static final Logger LOG = Logger.getLogger(CosellResourceAdapter.class.getName());

    /** Held so that its level stays: the broker's own audit log would write a line for every message. */
    private static final Logger BROKER_AUDIT = Logger.getLogger("org.apache.activemq.audit");

    private transient @Nullable EmbeddedActiveMQ broker;

    @Override
    public void start(BootstrapContext context) throws ResourceAdapterInternalException {
        BROKER_AUDIT.setLevel(Level.WARNING);
        Optional<String> external = configured("cosell.broker.connection");
        if (external.isPresent()) {
            int brokers = external.get().split(",", -1).length;
            setConnectorClassName(
                    String.join(",", Collections.nCopies(brokers, NettyConnectorFactory.class.getName())));
            setConnectionParameters(external.get());
            setHA(brokers > 1);
            configured("cosell.broker.user").ifPresent(this::setUserName);
            configured("cosell.broker.password").ifPresent(this::setPassword);
            setReconnectAttempts(-1);
        } else {
            startBroker();
            setConnectorClassName(InVMConnectorFactory.class.getName());
            setConnectionParameters("server-id=0");
        }
        setSetupAttempts(-1);
        setSetupInterval(2000L);
        super.start(context);
        StartWatch.begin();
    }

    private void startBroker() throws ResourceAdapterInternalException {
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        Thread.currentThread().setContextClassLoader(getClass().getClassLoader());
        Path dir = Path.of(configured("cosell.data-dir").orElse("./cosell-data"))
                .toAbsolutePath()
                .normalize()
                .resolve("broker");
        try {
            ConfigurationImpl configuration = new ConfigurationImpl();
            configuration
                    .setPersistenceEnabled(true)
                    .setSecurityEnabled(false)
                    .setJMXManagementEnabled(false)
                    .setJournalType(JournalType.NIO)
                    .setJournalDirectory(dir.resolve("journal").toString())
                    .setBindingsDirectory(dir.resolve("bindings").toString())
                    .setLargeMessagesDirectory(dir.resolve("large").toString())
                    .setPagingDirectory(dir.resolve("paging").toString())
                    .setJournalMinFiles(2)
                    .setJournalFileSize(2 * 1024 * 1024)
                    .setMaxDiskUsage(98);
            configuration.addAcceptorConfiguration("invm", "vm://0");
            configuration.addAddressSetting(
                    "#",
                    new AddressSettings()
                            .setDeadLetterAddress(SimpleString.of("DLQ"))
                            .setExpiryAddress(SimpleString.of("ExpiryQueue"))
                            .setMaxDeliveryAttempts(5)
                            .setRedeliveryDelay(500)
                            .setAutoCreateQueues(true)
                            .setAutoCreateAddresses(true)
                            .setAutoDeleteQueues(false)
                            .setAutoDeleteAddresses(false));
            EmbeddedActiveMQ embedded = new EmbeddedActiveMQ().setConfiguration(configuration);
            embedded.start();
            broker = embedded;
            LOG.info(() -> "The embedded message broker keeps its journal in " + dir);
        } catch (Exception failed) { // EmbeddedActiveMQ.start declares nothing narrower
            throw new ResourceAdapterInternalException(
                    "The embedded message broker does not start with its journal in " + dir
                            + ". Is another instance using the directory?",
                    failed);
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
    }

    @Override
    public void stop() {
        super.stop();
        EmbeddedActiveMQ running = broker;
        broker = null;
        if (running != null) {
            try {
                running.stop();
            } catch (Exception failed) { // EmbeddedActiveMQ.stop declares nothing narrower
                LOG.log(Level.WARNING, "The embedded message broker did not stop cleanly.", failed);
            }
        }
    }

    private static Optional<String> configured(String key) {
        String property = System.getProperty(key);
        String value = property != null
                ? property
                : System.getenv(key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_'));
        return Optional.ofNullable(value).map(String::trim).filter(text -> !text.isEmpty());
    }
}
