<?php
declare(strict_types=1);

namespace Idealo\Connector\Model;

use Idealo\Connector\Api\Data\ConfigInterface;

/**
 * What the bridge enters.
 */
class ConfigEntry implements ConfigInterface
{
    private string $url = '';
    private ?string $secret = null;
    private bool $enabled = true;

    public function getUrl(): string
    {
        return $this->url;
    }

    public function setUrl(string $url): void
    {
        $this->url = $url;
    }

    public function getSecret(): ?string
    {
        return $this->secret;
    }

    public function setSecret(?string $secret): void
    {
        $this->secret = $secret;
    }

    public function isEnabled(): bool
    {
        return $this->enabled;
    }

    public function setEnabled(bool $enabled): void
    {
        $this->enabled = $enabled;
    }
}
