<?php
declare(strict_types=1);

namespace Idealo\Connector\Model;

use Idealo\Connector\Api\ConnectorInterface;
use Idealo\Connector\Api\Data\ConfigInterface;
use Idealo\Connector\Api\Data\InfoInterface;
use Idealo\Connector\Api\Data\InfoInterfaceFactory;
use Idealo\Connector\Wire\Signature;
use Magento\Framework\Exception\InputException;

/**
 * What the bridge asks and sets on the module itself.
 */
class Connector implements ConnectorInterface
{
    public function __construct(
        private readonly Settings $settings,
        private readonly OutboxTable $table,
        private readonly Outbox $outbox,
        private readonly Signature $signature,
        private readonly Platform $platform,
        private readonly StockKeeper $stock,
        private readonly InfoInterfaceFactory $infos
    ) {
    }

    public function info(): InfoInterface
    {
        $info = $this->infos->create();
        $info->setVersion(Platform::VERSION);
        $info->setPlatform($this->platform->magento());
        $info->setEnabled($this->settings->enabled());
        $info->setUrl($this->settings->url());
        $info->setSecretMark($this->signature->mark($this->settings->secret()));
        $info->setWaiting($this->table->count('waiting'));
        $info->setDead($this->table->count('dead'));
        $info->setStock($this->stock->kind());
        return $info;
    }

    public function configure(ConfigInterface $config): InfoInterface
    {
        $url = trim($config->getUrl());
        $scheme = parse_url($url, PHP_URL_SCHEME);
        if (filter_var($url, FILTER_VALIDATE_URL) === false || !in_array($scheme, ['http', 'https'], true)) {
            throw new InputException(__('invalid_url: the webhook needs a web address'));
        }
        if ((string) $config->getSecret() === '' && $this->settings->secret() === '') {
            throw new InputException(__('no_secret: the webhook needs a secret'));
        }
        $this->settings->keep($url, $config->getSecret(), $config->isEnabled());
        return $this->info();
    }

    public function ping(): bool
    {
        $this->outbox->ping();
        return true;
    }
}
