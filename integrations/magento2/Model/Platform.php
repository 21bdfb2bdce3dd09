<?php
declare(strict_types=1);

namespace Idealo\Connector\Model;

use Magento\Framework\App\ProductMetadataInterface;

/**
 * Which module on which Magento.
 */
class Platform
{
    public const VERSION = '1.0.0';

    public function __construct(private readonly ProductMetadataInterface $magento)
    {
    }

    public function magento(): string
    {
        return 'magento2/' . $this->magento->getVersion();
    }

    public function userAgent(): string
    {
        return self::VERSION . ' ' . $this->magento();
    }
}
