// Reads with ImageJ what the page wrote, and writes what it understood, for tests/lab/test_imagej.py.
// Argument: a folder with labels.tif and, for each object, rois/LABEL.roi.

import ij.ImagePlus;
import ij.gui.Roi;
import ij.io.FileSaver;
import ij.io.Opener;
import ij.io.RoiDecoder;
import ij.measure.Calibration;
import ij.process.FloatProcessor;
import ij.process.ImageProcessor;
import ij.process.ImageStatistics;
import java.io.File;
import java.io.PrintWriter;
import java.nio.file.Path;

class ReadInImageJ {
    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        ImagePlus labels = new Opener().openImage(folder.resolve("labels.tif").toString());
        Calibration size = labels.getCalibration();
        System.out.println(size.getUnit() + " " + size.pixelWidth + " " + size.pixelHeight);
        ImageProcessor seen = labels.getProcessor().convertToFloat();
        save(seen, folder.resolve("seen.tif"));

        File[] rois = folder.resolve("rois").toFile().listFiles();
        if (rois == null) return;
        FloatProcessor filled = new FloatProcessor(seen.getWidth(), seen.getHeight());
        try (PrintWriter table = new PrintWriter(folder.resolve("rois.csv").toFile())) {
            table.println("name,label,area,x,y");
            for (File file : rois) {
                Roi roi = new RoiDecoder(file.getPath()).getRoi();
                int label = Integer.parseInt(file.getName().replace(".roi", ""));
                filled.setRoi(roi);
                ImageStatistics is = ImageStatistics.getStatistics(filled, ImageStatistics.AREA + ImageStatistics.CENTROID, null);
                table.println(roi.getName() + "," + label + "," + is.area + "," + is.xCentroid + "," + is.yCentroid);
                filled.setValue(label);
                filled.fill(filled.getMask());
            }
        }
        save(filled, folder.resolve("filled.tif"));
    }

    static void save(ImageProcessor pixels, Path file) {
        pixels.resetRoi();
        new FileSaver(new ImagePlus("", pixels)).saveAsTiff(file.toString());
    }
}
