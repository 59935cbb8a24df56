package org.cosellbridge.queue;

import jakarta.ejb.ActivationConfigProperty;
import jakarta.ejb.MessageDriven;
import jakarta.jms.Message;
import jakarta.jms.MessageListener;
import java.util.logging.Logger;

/** Scratch. */
@MessageDriven(
        name = "NudgeListener",
        activationConfig = {
            @ActivationConfigProperty(propertyName = "destinationType", propertyValue = "jakarta.jms.Queue"),
            @ActivationConfigProperty(propertyName = "destination", propertyValue = "cosell.sync"),
            @ActivationConfigProperty(propertyName = "useJNDI", propertyValue = "false")
        })
public class NudgeListener implements MessageListener {
    @Override
    public void onMessage(Message message) {
        Logger.getLogger("scratch").info("got message");
    }
}
