<?php
declare(strict_types=1);

namespace Idealo\Connector\Model;

use Magento\Framework\App\Cache\TypeListInterface;
use Magento\Framework\App\Config\ReinitableConfigInterface;
use Magento\Framework\App\Config\Storage\WriterInterface;
use Magento\Framework\Encryption\EncryptorInterface;

/**
 * Reads and keeps the webhook's address, secret and switch; the secret is encrypted with the shop's own key.
 */
class Settings
{
    private const PATH = 'idealo_connector/webhook/';

    public function __construct(
        private readonly ReinitableConfigInterface $config,
        private readonly WriterInterface $writer,
        private readonly EncryptorInterface $encryptor,
        private readonly TypeListInterface $caches
    ) {
    }

    public function enabled(): bool
    {
        return $this->config->isSetFlag(self::PATH . 'enabled') && $this->url() !== '' && $this->secret() !== '';
    }

    public function url(): string
    {
        return trim((string) $this->config->getValue(self::PATH . 'url'));
    }

    public function secret(): string
    {
        $kept = (string) $this->config->getValue(self::PATH . 'secret');
        return $kept === '' ? '' : (string) $this->encryptor->decrypt($kept);
    }

    public function keep(string $url, ?string $secret, bool $enabled): void
    {
        $this->writer->save(self::PATH . 'url', $url);
        if ($secret !== null && $secret !== '') {
            $this->writer->save(self::PATH . 'secret', $this->encryptor->encrypt($secret));
        }
        $this->switchTo($enabled);
    }

    public function switchTo(bool $enabled): void
    {
        $this->writer->save(self::PATH . 'enabled', $enabled ? '1' : '0');
        $this->caches->cleanType('config');
        $this->config->reinit();
    }
}
