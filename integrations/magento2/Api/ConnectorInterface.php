<?php
declare(strict_types=1);

namespace Idealo\Connector\Api;

/**
 * What the bridge asks and sets on the module itself.
 *
 * @api
 */
interface ConnectorInterface
{
    /**
     * Version, webhook configuration (never the secret) and how many webhooks wait or were given up.
     *
     * @return \Idealo\Connector\Api\Data\InfoInterface
     */
    public function info(): Data\InfoInterface;

    /**
     * Keep address, secret and switch of the webhook.
     *
     * @param \Idealo\Connector\Api\Data\ConfigInterface $config
     * @return \Idealo\Connector\Api\Data\InfoInterface
     * @throws \Magento\Framework\Exception\LocalizedException
     */
    public function configure(Data\ConfigInterface $config): Data\InfoInterface;

    /**
     * Put a signed ping into the outbox.
     *
     * @return bool
     */
    public function ping(): bool;
}
